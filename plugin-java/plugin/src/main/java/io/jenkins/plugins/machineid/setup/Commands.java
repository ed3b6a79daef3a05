// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Shell;
import java.util.List;

/** Lines for a shell, with comments: what makes the resources, and what has to be fetched afterwards. */
final class Commands {
    private Commands() {}

    static String add(Plan plan) {
        return "tctl bots add " + plan.bot() + " --roles=" + Shell.word(String.join(",", plan.botRoles()));
    }

    static String of(Plan plan) {
        StringBuilder lines = new StringBuilder();
        say(lines, Messages.Setup_createRoles(), "tctl create roles.yaml");
        if (plan.method().equals("token")) {
            String again = "tctl bots instances add " + plan.bot();
            say(lines, Messages.Setup_tokenFirst(), add(plan));
            if (plan.maybeSince(16, 2)) {
                say(lines, Messages.Setup_tokenNext(), again);
            }
            if (plan.maybeBefore(16, 2)) {
                say(lines, Messages.Setup_tokenOld(), "tctl bots rm " + plan.bot(), add(plan));
            }
            if (plan.maybeSince(19, 0)) {
                say(lines, Messages.Setup_tokenUri(), again + " --legacy");
            }
            return lines.toString();
        }
        say(lines, Messages.Setup_create(), "tctl create -f machine-id.yaml");
        if (plan.token().isEmpty()) {
            say(lines, Messages.Setup_ownTokens());
        } else if (plan.maybeBefore(15, 0)) {
            say(lines, Messages.Setup_botOld(), add(plan) + " --token=" + Shell.word(plan.token()));
        }
        if (plan.method().equals("bound_keypair") && !plan.token().isEmpty()) {
            say(lines, Messages.Setup_registration(), "tctl get token/" + Shell.word(plan.token()) + " --format=yaml");
        }
        return lines.toString();
    }

    private static void say(StringBuilder lines, String comment, String... commands) {
        lines.append(Quoting.comment(comment));
        List.of(commands).forEach(command -> lines.append(command).append('\n'));
    }
}
