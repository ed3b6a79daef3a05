// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.List;
import java.util.function.Predicate;

/**
 * What the controller knows of the node that asks.
 *
 * @param name its own name, which no other node has; empty: the built-in node
 * @param shown as shown to people
 * @param vouched an administrator, or Jenkins itself, gave it its name and its way to start, by which it is connected
 * @param labels answers a label expression
 * @param bound the node has the plugin's node property
 * @param gated it takes only jobs that its identities allow
 * @param identities the identities that the property names
 * @param defaultIdentity the one to take when none is asked for; may be empty
 */
public record NodeFacts(
        String name,
        String shown,
        boolean builtIn,
        boolean vouched,
        Predicate<String> labels,
        boolean bound,
        boolean gated,
        List<String> identities,
        String defaultIdentity) {

    /** The same node, when an administrator has looked at it. */
    public NodeFacts asVouched() {
        return new NodeFacts(name, shown, builtIn, true, labels, bound, gated, identities, defaultIdentity);
    }

    /** The identity that is meant by a wish; empty: none is. */
    String chosen(String wished) {
        return chosen(wished, defaultIdentity, identities);
    }

    /** The wished one, else the default, else the only one; empty: none is meant. */
    public static String chosen(String wished, String defaultIdentity, List<String> identities) {
        if (!wished.isEmpty()) {
            return wished;
        }
        if (!defaultIdentity.isEmpty()) {
            return defaultIdentity;
        }
        return identities.size() == 1 ? identities.get(0) : "";
    }
}
