// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Computer;
import hudson.model.Node;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Choices;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.List;
import java.util.function.Predicate;
import jenkins.model.Jenkins;

/**
 * Which identities an agent's page offers: those that the policy would allow on this agent, to whoever may configure it.
 * Where there is no agent yet, only an administrator is told of any.
 */
final class AgentChoices {
    private AgentChoices() {}

    /**
     * @param computer the agent whose page it is; null: one that is being made
     * @param fits which of them make sense in the field
     */
    static ListBoxModel identities(Computer computer, String none, String current, Predicate<Identity> fits) {
        Settings settings = MachineIdConfiguration.get().settings();
        List<String> offered = offered(settings, computer).stream()
                .filter(id -> fits.test(settings.identity(id)))
                .toList();
        return Choices.of(none, offered, current);
    }

    /** That one is gone is told to administrators only. */
    static FormValidation check(String value) {
        String id = Texts.orEmpty(value).trim();
        boolean gone = administrator() && !id.isEmpty() && MachineIdConfiguration.get().identity(id) == null;
        return gone ? FormValidation.error(Messages.Check_identityUnknown(id)) : Checks.formOptional(id, Checks::id);
    }

    private static List<String> offered(Settings settings, Computer computer) {
        Node node = computer == null ? null : computer.getNode();
        if (node == null) {
            return administrator()
                    ? settings.identities().stream().map(Identity::getId).toList()
                    : List.of();
        }
        // An administrator vouches for the agent by saving what is chosen here.
        return settings.policy().openTo(administrator() ? AgentFacts.of(node).asVouched() : AgentFacts.of(node));
    }

    private static boolean administrator() {
        return Jenkins.get().hasPermission(Jenkins.ADMINISTER);
    }
}
