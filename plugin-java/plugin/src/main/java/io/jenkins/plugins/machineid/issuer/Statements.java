// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.json.JSONObject;

/** Signs statements about builds, and about agents. */
public final class Statements {
    /** How long a statement holds. */
    public static final long LIFETIME_SECONDS = 300;

    /** How far behind this controller's a cluster's clock may be: Teleport itself allows ten seconds. */
    static final long CLOCKS_SECONDS = 60;

    private Statements() {}

    /**
     * A compact JWS.
     *
     * @param identity id of the one that the build is to have
     * @param audience the cluster that it is for
     * @return ASCII; to be wiped by the caller
     * @throws IssuerFailure with a sentence for people: the keys can't be read, or Jenkins has no address
     */
    public static byte[] sign(StatementForm form, BuildFacts facts, String identity, String audience) {
        return sign(SigningKeys.get(), Clock.systemUTC(), form, facts, identity, audience);
    }

    /**
     * A statement's own id, claim {@code jti}: where the cluster's audit log has it, it names this one statement. No secret.
     *
     * @param statement as {@link #sign} made it
     */
    public static String id(byte[] statement) {
        // The claims alone: the whole of it would be a copy that nobody can wipe.
        int begin = dot(statement, 0) + 1;
        byte[] claims = Base64.getUrlDecoder().decode(Arrays.copyOfRange(statement, begin, dot(statement, begin)));
        return new JSONObject(new String(claims, StandardCharsets.UTF_8)).getString("jti");
    }

    private static int dot(byte[] statement, int from) {
        int at = from;
        while (statement[at] != '.') {
            at++;
        }
        return at;
    }

    static byte[] sign(
            SigningKeys keys, Clock clock, StatementForm form, BuildFacts facts, String identity, String audience) {
        if (identity.isEmpty() || facts.job().isEmpty()) {
            throw new IllegalArgumentException("a statement is about a job, and for an identity");
        }
        return sign(keys, clock, form.claims(facts, identity), audience);
    }

    /** As {@link #sign}, about an agent alone: whatever runs there. */
    public static byte[] sign(StatementForm form, StatedNode node, String identity, String audience) {
        if (identity.isEmpty()) {
            throw new IllegalArgumentException("a statement is for an identity");
        }
        return sign(SigningKeys.get(), Clock.systemUTC(), AgentClaims.of(form, node, identity), audience);
    }

    private static byte[] sign(SigningKeys keys, Clock clock, Map<String, Object> about, String audience) {
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
        claims.put("jti", UUID.randomUUID().toString());
        return keys.current().sign(claims).getBytes(StandardCharsets.US_ASCII);
    }
}
