// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.issuer.KeyState;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.report.Condition;
import java.time.Instant;
import java.util.List;

/**
 * What warnings are made of, as it was known at one moment. Nobody is asked for it.
 *
 * @param members identities on agents
 * @param clusters as agents have seen them; there may be several of one
 * @param platforms agents for which there is no library
 * @param keys null: not known yet
 * @param keyHolders token resources that have the public keys in them, for people
 */
public record Facts(
        List<Member> members, List<Server> clusters, List<Platform> platforms, KeyState keys, List<String> keyHolders) {
    /**
     * An identity on an agent, in the agent's words.
     *
     * @param condition how it stands, as far as is known
     * @param code of what goes wrong; empty: nothing does
     * @param error the same as a sentence
     * @param since when it was first so; null: not known
     * @param expires null: not known, or the agent is away
     * @param renews when it is to be renewed; null: it isn't, or not by itself
     * @param cluster as configured
     * @param heard when the agent said so
     * @param subset whether roles were asked for that aren't all that the bot may take
     */
    public record Member(
            String agent,
            String identity,
            Condition condition,
            String code,
            String error,
            Instant since,
            Instant expires,
            Instant renews,
            String cluster,
            Instant heard,
            boolean subset) {}

    /**
     * A cluster, as agents have seen it.
     *
     * @param name as configured
     * @param version null: not known
     * @param authorityExpires null: not known
     * @param agent that says so, as shown to people
     */
    public record Server(String name, TeleportVersion version, Instant authorityExpires, String agent) {}

    /** An agent that has no library, with the words for its operating system and processor. */
    public record Platform(String agent, String platform) {}
}
