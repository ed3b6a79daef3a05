// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.DateTimeException;
import java.time.Instant;
import org.json.JSONException;
import org.json.JSONObject;

/** A key ring as the secret store keeps it. */
final class KeyRingText {
    private KeyRingText() {}

    /** Secret; to be wiped by the caller. */
    static byte[] write(KeyRing ring) {
        JSONObject all = new JSONObject();
        put(all, "current", ring.current());
        put(all, "next", ring.next());
        put(all, "previous", ring.previous());
        return all.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** @throws ParseException when it is no key ring; the message tells nothing of its content */
    static KeyRing read(byte[] text) throws ParseException {
        try {
            JSONObject all = new JSONObject(new String(text, StandardCharsets.UTF_8));
            return new KeyRing(held(all, "current"), held(all, "next"), held(all, "previous"));
        } catch (JSONException | DateTimeException | IllegalArgumentException e) {
            throw new ParseException("no key ring", 0);
        }
    }

    private static void put(JSONObject all, String place, KeyRing.Held held) {
        if (held != null) {
            all.put(place, new JSONObject()
                    .put("key", new JSONObject(held.key().stored()))
                    .put("since", held.since().toString()));
        }
    }

    private static KeyRing.Held held(JSONObject all, String place) throws ParseException {
        if (!all.has(place)) {
            return null;
        }
        JSONObject held = all.getJSONObject(place);
        return new KeyRing.Held(
                SigningKey.parse(held.getJSONObject("key").toMap()), Instant.parse(held.getString("since")));
    }
}
