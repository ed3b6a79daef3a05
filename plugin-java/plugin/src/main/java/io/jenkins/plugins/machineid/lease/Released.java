// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;

/**
 * How giving a lease back went.
 *
 * @param line for the console
 * @param violation null, or what the agent reported at the end and may not have
 */
public record Released(String line, AuditViolation violation) {
    /** What the agent says of the lease's directory. */
    static String line(String identity, String directory, String state) {
        return switch (state) {
            case "absent" -> Messages.Console_endAbsent(identity, directory);
            case "not_ours" -> Messages.Console_endNotOurs(identity, directory);
            default -> Messages.Console_end(identity);
        };
    }
}
