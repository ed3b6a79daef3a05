// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Signs statements about builds, and about agents. */
public final class Statements {
    /** How long a statement holds. */
    public static final long LIFETIME_SECONDS = 300;

    /** How far behind this controller's a cluster's clock may be: Teleport itself allows ten seconds. */
    static final long CLOCKS_SECONDS = 60;

    private Statements() {}

    /**
     * About a build.
     *
     * @param identity id of the one that the build is to have
     * @param audience the cluster that it is for
     * @return to be closed by the caller
     * @throws IssuerFailure with a sentence for people: the keys can't be read, or Jenkins has no address
     */
    public static Statement sign(StatementForm form, BuildFacts facts, String identity, String audience) {
        return sign(SigningKeys.get(), Clock.systemUTC(), form, facts, identity, audience);
    }

    static Statement sign(
            SigningKeys keys, Clock clock, StatementForm form, BuildFacts facts, String identity, String audience) {
        if (identity.isEmpty() || facts.job().isEmpty()) {
            throw new IllegalArgumentException("a statement is about a job, and for an identity");
        }
        return sign(keys, clock, form.claims(facts, identity), audience);
    }

    /** As {@link #sign}, about an agent alone: whatever runs there. */
    public static Statement sign(StatementForm form, StatedNode node, String identity, String audience) {
        if (identity.isEmpty()) {
            throw new IllegalArgumentException("a statement is for an identity");
        }
        return sign(SigningKeys.get(), Clock.systemUTC(), AgentClaims.of(form, node, identity), audience);
    }

    private static Statement sign(SigningKeys keys, Clock clock, Map<String, Object> about, String audience) {
        if (audience.isBlank()) {
            throw new IllegalArgumentException("a statement is for a cluster");
        }
        long now = clock.instant().getEpochSecond();
        Map<String, Object> claims = new LinkedHashMap<>(about);
        claims.put("iss", IssuerAddress.issuer());
        claims.put("aud", audience);
        claims.put("iat", now - CLOCKS_SECONDS);
        claims.put("nbf", now - CLOCKS_SECONDS);
        claims.put("exp", now + LIFETIME_SECONDS);
        String id = UUID.randomUUID().toString();
        claims.put("jti", id);
        return new Statement(id, keys.current().sign(claims).getBytes(StandardCharsets.US_ASCII));
    }
}
