// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;

/** What an agent reports. */
public final class Reported {
    /** The role of {@link #certificate}. */
    public static final String ROLE = "api-workers";

    /** Seconds that it is valid from now on. */
    public static final int TTL = 1800;

    private Reported() {}

    public static JSONObject certificate() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        return new JSONObject()
                .put("kind", "ssh")
                .put("output", "identity")
                .put("target", "")
                .put("key_id", "bot-api")
                .put("serial", "17")
                .put("fingerprint", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")
                .put("roles", new JSONArray(List.of(ROLE)))
                .put("principals", new JSONArray(List.of("jenkins")))
                .put("valid_from", now.minusSeconds(60).toString())
                .put("valid_until", now.plusSeconds(TTL).toString());
    }
}
