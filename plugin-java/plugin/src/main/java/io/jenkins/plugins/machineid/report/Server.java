// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;
import java.util.List;

/**
 * A cluster as an agent last reached it: that agent's word.
 *
 * @param cluster the cluster's own name
 * @param address that was dialled
 * @param kind of what is there, one of the vocabulary's {@code address_kinds}
 * @param upgraded a balancer ends TLS on the way
 * @param clockDifference the cluster's clock minus the agent's, in seconds; null: not told
 * @param pins of the host CA
 * @param caExpiresAt end of the host CA that signs; null: not known
 * @param seenAt by the agent's clock; null: it doesn't say
 */
public record Server(
        String cluster,
        String version,
        String address,
        String kind,
        boolean upgraded,
        Long clockDifference,
        List<String> pins,
        Instant caExpiresAt,
        Instant seenAt) {
    private static final int MOST_PINS = 8;

    /** Of two by one agent the one that was seen later, by its clock. */
    public Server later(Server other) {
        boolean isLater = other.seenAt != null && (seenAt == null || other.seenAt.isAfter(seenAt));
        return isLater ? other : this;
    }

    /** Null when there is nothing. */
    static Server read(Reply server, Heard heard) {
        if (server == null) {
            return null;
        }
        List<String> pins = server.texts("ca_pins").stream().limit(MOST_PINS).map(heard::kept).toList();
        return new Server(
                heard.text(server, "cluster"),
                heard.text(server, "version"),
                heard.text(server, "address"),
                Heard.word(server, "kind", "address_kinds"),
                server.flag("upgraded"),
                server.isNumber("clock_difference_seconds") ? server.number("clock_difference_seconds") : null,
                pins,
                server.time("ca_expires_at"),
                server.time("seen_at"));
    }
}
