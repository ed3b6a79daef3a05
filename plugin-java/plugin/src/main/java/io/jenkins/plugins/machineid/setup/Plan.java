// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import java.util.List;

/**
 * What is configured about one identity, as far as a cluster has to know it.
 *
 * @param identity its name
 * @param roles    empty: whatever the bot may take
 * @param method   as YAML in Jenkins has it
 * @param token    the name of the token resource; empty: it has none, or each agent its own
 * @param signed   what the controller signs; null: it signs nothing
 * @param seen     the cluster's version, as an agent has told it: for advice; null: not known
 */
record Plan(String identity, List<String> roles, String method, String token, Signed signed, TeleportVersion seen) {
    /**
     * @param audience    whom statements are for
     * @param issuer      who signs
     * @param jwks        the public keys, as JSON
     * @param allowedJobs patterns of the policy
     * @param existing    full names of the jobs that there are and the policy allows
     */
    record Signed(
            StatementForm form,
            String audience,
            String issuer,
            String jwks,
            List<String> allowedJobs,
            List<String> existing) {}

    /** Whether the cluster may be older than that. */
    boolean maybeBefore(int line, int release) {
        return seen == null || !seen.isAtLeast(line, release);
    }

    /** Whether it may be as new as that. */
    boolean maybeSince(int line, int release) {
        return seen == null || seen.isAtLeast(line, release);
    }

    /** The bot's name. */
    String bot() {
        return IdentityName.plain(identity);
    }

    /** The folder that asks for it; empty: an administrator does. */
    String folder() {
        return IdentityName.folder(identity);
    }

    /** A bot has at least one role to begin with: one of its own name, where none is named. */
    List<String> botRoles() {
        return roles.isEmpty() ? List.of(bot()) : roles;
    }
}
