// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import java.util.List;
import java.util.stream.Stream;

/**
 * How giving a lease back went.
 *
 * @param failures for the console before it: why connections failed, as far as it wasn't told yet
 * @param line for the console; null: nothing
 * @param violation null, or what the agent reported at the end and may not have
 */
public record Released(List<String> failures, String line, AuditViolation violation) {
    /** All that the console is told. */
    public List<String> lines() {
        return line == null ? failures : Stream.concat(failures.stream(), Stream.of(line)).toList();
    }

    /** What the agent says of the lease's directory. */
    static String line(String identity, String directory, String state) {
        return switch (state) {
            case "absent" -> Messages.Console_endAbsent(identity, directory);
            case "not_ours" -> Messages.Console_endNotOurs(identity, directory);
            default -> Messages.Console_end(identity);
        };
    }
}
