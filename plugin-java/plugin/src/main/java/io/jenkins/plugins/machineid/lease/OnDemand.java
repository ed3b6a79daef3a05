// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Computer;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/** What an administrator has an agent do now with an identity. Waits for the agent, each time no longer than a limit. */
public final class OnDemand {
    private static final Logger LOGGER = Logger.getLogger(OnDemand.class.getName());

    /** Who does what with which identity. */
    private record Call(Computer computer, AgentLink link, Settings settings, Identity identity) {
        String agent() {
            return computer.getDisplayName();
        }

        /** What the agent's library knows the identity by. */
        String id() {
            return IdentityName.plain(identity.getId());
        }

        EngineConfig config() throws IOException, InterruptedException {
            EngineConfig config = NodeLookup.engineConfig(settings, computer, identity.getId());
            config.used(null, computer.getNode());
            return config;
        }

        boolean isGiven() {
            return identity.getJoin().statement().isPresent();
        }
    }

    private interface Work {
        Tried with(Call call) throws IOException, InterruptedException;
    }

    private OnDemand() {}

    /** With what folders define that the present user may see. */
    private static Settings settings() {
        Settings own = MachineIdConfiguration.get().settings();
        return FolderIdentities.seen(FolderIdentities.everywhere(own), own);
    }

    /** @param id what the library knows it by */
    private static Optional<Identity> identity(Settings settings, String id) {
        return settings.identities().stream()
                .filter(identity -> IdentityName.plain(identity.getId()).equals(id))
                .findFirst();
    }

    /** The identity of the present configuration; empty: there is none, or the present user may not see it. */
    public static Optional<Identity> identity(String id) {
        return identity(settings(), id);
    }

    /** Renews it, or has it join where there is none. */
    public static Tried renew(String node, String id) {
        return tried(node, id, call -> {
            if (call.isGiven()) {
                return Tried.warning(Messages.OnDemand_given(id));
            }
            try (EngineConfig config = call.config()) {
                String until = call.link().renew(config, call.id()).text("expires_at");
                return ok(Messages.OnDemand_renewed(id, call.agent(), until));
            }
        });
    }

    /** Drops it, at hand and stored: what needs one afterwards joins. */
    public static Tried drop(String node, String id) {
        return tried(node, id, call -> {
            if (call.isGiven()) {
                return Tried.warning(Messages.OnDemand_given(id));
            }
            try (EngineConfig config = call.config()) {
                boolean there = call.link().drop(config, call.id()).flag("dropped");
                return ok(there ? Messages.OnDemand_dropped(id, call.agent()) : Messages.OnDemand_nothing(id, call.agent()));
            }
        });
    }

    /** Has the agent look at the cluster; nobody joins, and no secret is sent. */
    public static Tried test(String node, String id) {
        return tried(node, id, call -> {
            Cluster cluster = call.settings().cluster(call.identity().getCluster());
            if (cluster == null) {
                return Tried.warning(Messages.Check_clusterUnknown(call.identity().getCluster()));
            }
            // What another agent answers could be made up, and would be remembered.
            return ConnectionTest.allows(call.identity(), NodeLookup.facts(call.computer()))
                    ? ConnectionTest.tried(call.link(), call.agent(), cluster, call.identity())
                    : Tried.warning(Messages.Test_noneFits());
        });
    }

    private static Tried tried(String node, String id, Work work) {
        Settings settings = settings();
        Identity identity = identity(settings, id).orElse(null);
        Computer computer = NodeLookup.computer(node);
        if (identity == null) {
            return Tried.warning(Messages.Check_identityUnknown(id));
        }
        if (computer == null) {
            return Tried.warning(Messages.OnDemand_noAgent(node));
        }
        String agent = computer.getDisplayName();
        try {
            AgentLink link = AgentLink.to(computer);
            LOGGER.info(() -> Jenkins.getAuthentication2().getName() + " acts on identity " + id + " of agent " + agent);
            try {
                return work.with(new Call(computer, link, settings, identity));
            } finally {
                look(computer.getName(), link, agent);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Tried.warning(Messages.Test_interrupted(agent));
        } catch (IOException e) {
            return Tried.error(Messages.Test_failed(agent, TrialAgents.sentence(e)));
        }
    }

    /** What came of it is shown at once, and certificates that the agent tells of are noted: it tells of them once. */
    private static void look(String node, AgentLink link, String agent) throws InterruptedException {
        try {
            Sweep.look(node, link);
        } catch (IOException e) {
            LOGGER.log(Level.FINE, e, () -> "agent " + agent + " doesn't tell how it stands");
        }
    }

    private static Tried ok(String line) {
        return new Tried(FormValidation.Kind.OK, List.of(line));
    }
}
