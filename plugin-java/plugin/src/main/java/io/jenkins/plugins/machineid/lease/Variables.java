// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import java.util.Set;

/** The environment variables of a block. */
final class Variables {
    static final Set<String> ALLOWED = Set.of(
            "MACHINE_ID_BIN",
            "MACHINE_ID_DIR",
            "MACHINE_ID_SSH_CONFIG",
            "MACHINE_ID_EXPIRES_AT",
            "TELEPORT_PROXY",
            "TELEPORT_IDENTITY_FILE",
            "GIT_SSH_COMMAND",
            "KUBECONFIG");

    private Variables() {}
}
