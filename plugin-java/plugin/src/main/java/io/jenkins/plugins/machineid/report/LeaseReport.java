// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;

/**
 * A lease as an agent last told of it.
 *
 * @param identity id of its identity
 * @param expiresAt null: the agent doesn't say
 * @param standing a standing destination, not a block's
 * @param problem why its last refresh failed; empty: it didn't
 */
public record LeaseReport(String lease, String identity, Instant expiresAt, boolean standing, boolean usable, String problem) {
    static LeaseReport read(Reply lease) {
        return new LeaseReport(
                Heard.text(lease, "lease"),
                Heard.text(lease, "identity"),
                lease.time("expires_at"),
                lease.flag("standing"),
                lease.flag("usable"),
                Heard.text(lease, "problem"));
    }
}
