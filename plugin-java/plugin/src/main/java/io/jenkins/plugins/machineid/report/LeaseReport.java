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
    private static final int LONGEST_ID = 64;

    /** Without what takes room. */
    LeaseReport brief() {
        return new LeaseReport(lease, identity, expiresAt, standing, usable, "");
    }

    static LeaseReport read(Reply lease, Heard heard) {
        return new LeaseReport(
                heard.own(lease, "lease", LONGEST_ID),
                heard.text(lease, "identity"),
                lease.time("expires_at"),
                lease.flag("standing"),
                lease.flag("usable"),
                heard.text(lease, "problem"));
    }
}
