// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Lines for a shell, with comments: what makes the resources, and what has to be fetched afterwards. */
final class Commands {
    private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9._/:@=-]+");

    private Commands() {}

    static String add(Plan plan) {
        return "tctl bots add " + plan.identity() + " --roles=" + shell(String.join(",", plan.botRoles()));
    }

    static String of(Plan plan) {
        List<String> lines = new ArrayList<>();
        if (plan.method().equals("token")) {
            String again = "tctl bots instances add " + plan.identity();
            say(lines, Messages.Setup_tokenFirst(), add(plan));
            say(lines, Messages.Setup_tokenNext(), again);
            say(lines, Messages.Setup_tokenOld(), "tctl bots rm " + plan.identity(), add(plan));
            say(lines, Messages.Setup_tokenUri(), again + " --legacy");
            return String.join("\n", lines) + "\n";
        }
        say(lines, Messages.Setup_createRoles(), "tctl create roles.yaml");
        say(lines, Messages.Setup_create(), "tctl create -f machine-id.yaml");
        if (plan.token().isEmpty()) {
            say(lines, Messages.Setup_ownTokens());
        }
        if (plan.method().equals("bound_keypair") && !plan.token().isEmpty()) {
            say(lines, Messages.Setup_registration(), "tctl get token/" + shell(plan.token()) + " --format=yaml");
        }
        return String.join("\n", lines) + "\n";
    }

    private static void say(List<String> lines, String comment, String... commands) {
        lines.add("# " + Quoting.comment(comment));
        lines.addAll(List.of(commands));
    }

    /** One word for a POSIX shell. */
    static String shell(String word) {
        return SAFE.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
