// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.config.AgentFacts;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.ConnectionCheck;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import jenkins.model.Jenkins;

/** Test connection: asks an agent to look at the cluster. Nothing is kept, and no secret is sent. */
@Extension
public final class ConnectionTest extends ConnectionCheck {
    /** Where only the cluster is looked at. */
    private static final String NO_IDENTITY = "check";

    @Override
    public FormValidation run(Cluster cluster, Identity identity) {
        List<Computer> connected = connected();
        Computer computer = choose(connected, mayTry(cluster, identity));
        if (computer == null) {
            return FormValidation.warning(connected.isEmpty() ? Messages.Test_noAgent() : Messages.Test_noneFits());
        }
        String agent = computer.getDisplayName();
        try (EngineConfig config = identity == null
                ? EngineConfig.check(cluster, NO_IDENTITY, "token")
                : EngineConfig.check(cluster, identity.getId(), identity.getJoin().method())) {
            return FormValidation.ok(Messages.Test_ok(agent, describe(AgentLink.to(computer).check(config))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FormValidation.warning(Messages.Test_interrupted(agent));
        } catch (IOException e) {
            // On a page of ours nobody needs to be told who speaks.
            String sentence = String.valueOf(e.getMessage());
            String prefix = Messages.Console_prefix();
            return FormValidation.error(Messages.Test_failed(
                    agent, sentence.startsWith(prefix) ? sentence.substring(prefix.length()) : sentence));
        }
    }

    static String describe(Reply reply) {
        List<String> facts = new ArrayList<>();
        facts.add(Messages.Test_cluster(
                reply.text("cluster"), reply.text("server_version"), reply.text("address_kind")));
        facts.add(Messages.Test_trust(reply.text("trust")));
        if (!reply.texts("ca_pins").isEmpty()) {
            facts.add(Messages.Test_pins(String.join(" ", reply.texts("ca_pins"))));
        }
        facts.add(Messages.Test_clock(String.valueOf(reply.number("clock_difference_seconds"))));
        facts.addAll(reply.texts("notes"));
        return AgentText.line(String.join("; ", facts));
    }

    private static List<Computer> connected() {
        return Arrays.stream(Jenkins.get().getComputers())
                .filter(computer -> computer.getNode() != null && computer.isOnline() && computer.getChannel() != null)
                .toList();
    }

    private static Computer choose(List<Computer> connected, Predicate<NodeFacts> mayTry) {
        return connected.stream()
                .filter(computer -> {
                    Node node = computer.getNode();
                    return node != null && mayTry.test(AgentFacts.of(node));
                })
                .findFirst()
                .orElse(null);
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
