// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.model.Computer;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.ConnectionCheck;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Test connection: asks an agent to look at the cluster. Nothing is kept, and no secret is sent. */
@Extension
public final class ConnectionTest extends ConnectionCheck {
    /** Where only the cluster is looked at: a method without a token, which there would be nothing to say of. */
    private static final String NO_IDENTITY = "check";

    private static final String NO_TOKEN = "kubernetes";

    @Override
    public FormValidation run(Cluster cluster, Identity identity) {
        return look(cluster, identity).form();
    }

    /**
     * As {@link #run}.
     *
     * @param identity null: the cluster alone
     */
    public static Tried look(Cluster cluster, Identity identity) {
        TrialAgents agents = TrialAgents.now();
        Computer computer = agents.first(mayTry(cluster, identity)).orElse(null);
        if (computer == null) {
            return agents.none();
        }
        String agent = computer.getDisplayName();
        try {
            return tried(AgentLink.to(computer), agent, cluster, identity);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Tried.warning(Messages.Test_interrupted(agent));
        } catch (IOException e) {
            return Tried.error(Messages.Test_failed(agent, TrialAgents.sentence(e)));
        }
    }

    /** As {@link #look(Cluster, Identity)}, from one agent. */
    static Tried tried(AgentLink link, String agent, Cluster cluster, Identity identity)
            throws IOException, InterruptedException {
        Reply reply = look(link, agent, cluster, identity);
        List<String> lines = new ArrayList<>(describe(agent, reply));
        int facts = lines.size();
        if (identity == null) {
            otherName(cluster, reply.text("cluster")).ifPresent(lines::add);
            lines.add(Messages.Test_nobody());
            return new Tried(FormValidation.Kind.OK, lines);
        }
        WireForm.tooOld(cluster, identity).ifPresent(lines::add);
        JoinAdvice.otherName(cluster, identity, new JoinAdvice.Said(reply.text("cluster"), agent)).ifPresent(lines::add);
        FormValidation.Kind kind = lines.size() > facts ? FormValidation.Kind.WARNING : FormValidation.Kind.OK;
        lines.add(notTried(identity.getJoin()));
        return new Tried(kind, lines);
    }

    /** Asks an agent, and remembers the version that it tells. */
    static Reply look(AgentLink link, String agent, Cluster cluster, Identity identity)
            throws IOException, InterruptedException {
        try (EngineConfig config = identity == null
                ? EngineConfig.check(cluster, NO_IDENTITY, NO_TOKEN)
                : EngineConfig.check(cluster, identity.getId(), identity.getJoin().method())) {
            Reply reply = link.check(config);
            SeenServer.note(cluster, agent, reply);
            return reply;
        }
    }

    /** Nothing is wrong, unless an identity that this Jenkins signs for comes. */
    private static Optional<String> otherName(Cluster cluster, String name) {
        return name.isEmpty() || name.equals(cluster.audience())
                ? Optional.empty()
                : Optional.of(Messages.Test_name(name, cluster.audience()));
    }

    /** What a real join would do, and why this was none. */
    private static String notTried(JoinMethod join) {
        if (join.statement().isPresent()) {
            return join.statesAgents() ? Messages.Test_agentStatement() : Messages.Test_statement();
        }
        return join.keepsSecret() ? Messages.Test_secret(join.symbol()) : Messages.Test_proof(join.symbol());
    }

    /** What the agent says, a line for each thing. */
    static List<String> describe(String agent, Reply reply) {
        List<String> facts = new ArrayList<>();
        facts.add(Messages.Test_ok(agent, which(reply)));
        facts.add(Messages.Test_trust(reply.text("trust")));
        if (!reply.texts("ca_pins").isEmpty()) {
            facts.add(Messages.Test_pins(String.join(" ", reply.texts("ca_pins"))));
        }
        facts.add(Messages.Test_clock(String.valueOf(reply.number("clock_difference_seconds"))));
        facts.addAll(reply.texts("notes"));
        return facts.stream().map(AgentText::line).toList();
    }

    /** Which cluster it was. */
    static String which(Reply reply) {
        return Messages.Test_cluster(
                reply.text("cluster"), reply.text("server_version"), reply.text("address_kind"));
    }

    private static Predicate<NodeFacts> mayTry(Cluster cluster, Identity identity) {
        if (identity != null) {
            return node -> allows(identity, node);
        }
        List<Identity> saved = MachineIdConfiguration.get().getIdentities().stream()
                .filter(other -> other.getCluster().equals(cluster.getName()))
                .toList();
        return mayTry(saved);
    }

    /**
     * A cluster is tried from the agents of its identities: what another agent answers could be made up, a CA pin to be
     * copied too. Before there is an identity any agent must do.
     */
    static Predicate<NodeFacts> mayTry(List<Identity> ofCluster) {
        return ofCluster.isEmpty()
                ? node -> !node.builtIn()
                : node -> ofCluster.stream().anyMatch(identity -> allows(identity, node));
    }

    /** The identity as it stands in the form allows the agent, and the agent's own configuration doesn't exclude it. */
    static boolean allows(Identity identity, NodeFacts node) {
        try {
            new Policy(Map.of(identity.getId(), identity.rule()), refusal -> {}).requireAgent(identity.getId(), node);
            return true;
        } catch (Refusal refused) {
            return false;
        }
    }
}
