// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.JWK;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * The public halves of keys that credentials hold, as they were last seen, and of the one that signed before. Immutable.
 *
 * @param current signs; null: not seen so far
 * @param next    is published, to sign later; null: none
 * @param previous signs no more; null: none
 */
record KnownKeys(Held current, Held next, Held previous) {
    static final KnownKeys NONE = new KnownKeys(null, null, null);

    /** @param since when it came to its place */
    record Held(JWK key, Instant since) {
        Held {
            if (key.isPrivate() || key.getKeyID() == null) {
                throw new IllegalArgumentException("not a public key with an id");
            }
        }

        boolean is(JWK other) {
            return other != null && key.getKeyID().equals(other.getKeyID());
        }
    }

    /** @param before signed until now, where no key of a credential did; null: none */
    KnownKeys signing(JWK key, JWK before, Instant now) {
        if (current != null && current.is(key)) {
            return this;
        }
        JWK old = current == null ? before : current.key();
        Held signs = new Held(key, now);
        return new KnownKeys(
                signs, next != null && next.is(key) ? null : next, old == null || signs.is(old) ? null : new Held(old, now));
    }

    /** @param key null: none is announced any more */
    KnownKeys announcing(JWK key, Instant now) {
        if (key == null || current != null && current.is(key)) {
            return next == null ? this : new KnownKeys(current, null, previous);
        }
        return next != null && next.is(key) ? this : new KnownKeys(current, new Held(key, now), previous);
    }

    KnownKeys withoutPrevious() {
        return new KnownKeys(current, next, null);
    }

    /** The one that signed before, for as long as it is published; null: none. */
    Held previous(Instant now, Duration announce) {
        return previous != null && now.isBefore(previous.since().plus(announce)) ? previous : null;
    }

    /** The one that signs first. */
    List<JWK> published(Instant now, Duration announce) {
        return Stream.of(current, next, previous(now, announce))
                .filter(Objects::nonNull)
                .map(Held::key)
                .toList();
    }

    byte[] text() {
        JSONObject all = new JSONObject();
        put(all, "current", current);
        put(all, "next", next);
        put(all, "previous", previous);
        return all.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void put(JSONObject all, String place, Held held) {
        if (held != null) {
            all.put(place, new JSONObject()
                    .put("key", new JSONObject(held.key().toJSONObject()))
                    .put("since", held.since().toString()));
        }
    }

    /** @throws ParseException when it is something else */
    static KnownKeys read(byte[] text) throws ParseException {
        try {
            JSONObject all = new JSONObject(new String(text, StandardCharsets.UTF_8));
            return new KnownKeys(held(all, "current"), held(all, "next"), held(all, "previous"));
        } catch (JSONException | DateTimeException | IllegalArgumentException e) {
            throw new ParseException("no public keys", 0);
        }
    }

    private static Held held(JSONObject all, String place) throws ParseException {
        JSONObject held = all.optJSONObject(place);
        return held == null
                ? null
                : new Held(JWK.parse(held.getJSONObject("key").toMap()), Instant.parse(held.getString("since")));
    }
}
