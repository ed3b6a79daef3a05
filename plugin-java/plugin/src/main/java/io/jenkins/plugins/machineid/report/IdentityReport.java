// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;

/**
 * An identity as an agent last told of it.
 *
 * @param id as the library knows it: a folder's identity has another name here ({@code IdentityName.plain})
 * @param state one of the vocabulary's {@code identity_states}; empty: another word
 * @param cluster its own name; empty before the first join
 * @param expiresAt null: not joined
 * @param generation 0: none
 * @param method the library's join method
 * @param given each lease joins by itself
 * @param origin one of the vocabulary's {@code identity_origins}; empty: not used yet
 * @param renewsAt null: not at hand, or can't be renewed
 * @param roleSubset roles were asked for that aren't all that the bot may take
 * @param failing null: nothing goes wrong
 * @param server null: not reached yet
 */
public record IdentityReport(
        String id,
        String state,
        String cluster,
        String bot,
        Instant expiresAt,
        long generation,
        boolean renewable,
        String reason,
        String method,
        boolean given,
        String origin,
        Instant renewsAt,
        boolean connected,
        boolean roleSubset,
        Failing failing,
        Server server) {
    /** Without what takes room. */
    IdentityReport brief() {
        return new IdentityReport(
                id, state, cluster, bot, expiresAt, generation, renewable, "", method, given, origin, renewsAt, connected,
                roleSubset, null, null);
    }

    static IdentityReport read(Reply identity, Heard heard) {
        return new IdentityReport(
                heard.text(identity, "id"),
                Heard.word(identity, "state", "identity_states"),
                heard.text(identity, "cluster"),
                heard.text(identity, "bot"),
                identity.time("expires_at"),
                identity.number("generation"),
                identity.flag("renewable"),
                heard.text(identity, "reason"),
                heard.text(identity, "method"),
                identity.flag("given"),
                Heard.word(identity, "origin", "identity_origins"),
                identity.time("renews_at"),
                identity.flag("connected"),
                identity.flag("role_subset"),
                Failing.read(identity.object("failure"), heard),
                Server.read(identity.object("server"), heard));
    }
}
