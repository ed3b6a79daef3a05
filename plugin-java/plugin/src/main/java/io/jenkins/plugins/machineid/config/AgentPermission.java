// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Computer;
import jenkins.model.Jenkins;

/** Field checks of an agent's page answer only those who may configure agents. */
final class AgentPermission {
    private AgentPermission() {}

    static void check() {
        Jenkins jenkins = Jenkins.get();
        if (!jenkins.hasPermission(Computer.CREATE)) {
            jenkins.checkPermission(Computer.CONFIGURE);
        }
    }
}
