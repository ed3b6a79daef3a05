// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Computer;
import hudson.model.Node;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.Jenkins;

/** Test connection: asks an agent to look at the cluster. Nothing is kept and no token is used up. */
public final class ConnectionTest {
    private ConnectionTest() {}

    /** @param identity null: the cluster alone */
    public static FormValidation run(Cluster cluster, Identity identity) {
        Computer computer = choose(identity);
        if (computer == null) {
            return FormValidation.warning(Messages.Test_noAgent());
        }
        String agent = computer.getDisplayName();
        try (EngineConfig config = EngineConfig.of(cluster, identity, null)) {
            return FormValidation.ok(Messages.Test_ok(agent, describe(AgentLink.to(computer).check(config))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FormValidation.warning(Messages.Test_failed(agent, e.getMessage()));
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

    /** A bound agent is best, then any connected one; the controller itself only where it is allowed. */
    private static Computer choose(Identity identity) {
        Computer any = null;
        Computer builtIn = null;
        for (Computer computer : Jenkins.get().getComputers()) {
            Node node = computer.getNode();
            if (node == null || !computer.isOnline() || computer.getChannel() == null) {
                continue;
            }
            if (node instanceof Jenkins) {
                builtIn = computer;
                continue;
            }
            MachineIdNodeProperty property = node.getNodeProperty(MachineIdNodeProperty.class);
            if (identity != null && property != null && property.binding(identity.getId()) != null) {
                return computer;
            }
            any = any == null ? computer : any;
        }
        if (any == null && identity != null && identity.isBuiltInNodeAllowed()) {
            return builtIn;
        }
        return any;
    }
}
