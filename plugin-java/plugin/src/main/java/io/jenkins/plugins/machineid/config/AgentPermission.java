// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Computer;
import jenkins.model.Jenkins;

/** Field checks of an agent's page answer only those who may configure agents. */
final class AgentPermission {
    private AgentPermission() {}

    /** @param computer the agent whose page it is; null: one that is being made */
    static boolean has(Computer computer) {
        return computer == null
                ? Jenkins.get().hasPermission(Computer.CREATE)
                : computer.hasPermission(Computer.CONFIGURE);
    }

    static void check(Computer computer) {
        if (!has(computer)) {
            check();
        }
    }

    static void check() {
        Jenkins jenkins = Jenkins.get();
        if (!jenkins.hasPermission(Computer.CREATE)) {
            jenkins.checkPermission(Computer.CONFIGURE);
        }
    }
}
