// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import java.util.List;
import java.util.Set;

/**
 * What the controller allowed one lease: its own knowledge, which each certificate is compared with.
 *
 * @param agent as shown to people
 * @param roles empty: whatever the bot may take
 * @param targets what was asked for, as {@link #target} writes it
 */
public record Allowance(
        String lease, String identity, String agent, List<String> roles, long ttlSeconds, Set<String> targets) {

    /** An output's type and the name of what it is for. */
    public static String target(String type, String name) {
        return type + " " + name;
    }
}
