// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.util.Secret;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.json.JSONObject;

/** JSON with secrets in it, of which no string exists: markers stand for them until they are put in as bytes. */
final class SecretJson {
    private static final Pattern MARKER =
            Pattern.compile("secret-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    private final Map<String, Secret> secrets = new HashMap<>();

    /** The values as they are, with a marker for each {@link Secret}, also in maps below. */
    JSONObject object(Map<?, ?> values) {
        JSONObject object = new JSONObject();
        values.forEach((name, value) -> object.put(String.valueOf(name), value(value)));
        return object;
    }

    private Object value(Object value) {
        if (value instanceof Map<?, ?> map) {
            return object(map);
        }
        if (value instanceof Secret secret) {
            String marker = "secret-" + UUID.randomUUID();
            secrets.put(marker, secret);
            return marker;
        }
        if (value instanceof CredentialRef) {
            throw new IllegalStateException("a credential that was not read");
        }
        return JSONObject.wrap(value);
    }

    /** The text as bytes, each marker of this object replaced by its secret. */
    byte[] bytes(String text) {
        // Long enough from the start, so that no copy is left behind.
        byte[] room = new byte[text.length() * 3 + secrets.values().stream().mapToInt(SecretJson::room).sum()];
        ByteBuffer whole = ByteBuffer.wrap(room);
        Matcher markers = MARKER.matcher(text);
        int at = 0;
        while (markers.find()) {
            Secret secret = secrets.get(markers.group());
            if (secret != null) {
                whole.put(text.substring(at, markers.start()).getBytes(StandardCharsets.UTF_8));
                escape(secret, whole);
                at = markers.end();
            }
        }
        whole.put(text.substring(at).getBytes(StandardCharsets.UTF_8));
        byte[] exact = Arrays.copyOf(room, whole.position());
        Arrays.fill(room, (byte) 0);
        return exact;
    }

    private static int room(Secret secret) {
        return secret.getPlainText().length() * 4;
    }

    private static void escape(Secret secret, ByteBuffer into) {
        ByteBuffer plain = StandardCharsets.UTF_8.encode(CharBuffer.wrap(secret.getPlainText()));
        while (plain.hasRemaining()) {
            byte next = plain.get();
            // A secret's own check allows printable ASCII, and in a key the ends of lines.
            switch (next) {
                case '"', '\\' -> into.put((byte) '\\').put(next);
                case '\n' -> into.put((byte) '\\').put((byte) 'n');
                case '\r' -> into.put((byte) '\\').put((byte) 'r');
                case '\t' -> into.put((byte) '\\').put((byte) 't');
                default -> into.put(next);
            }
        }
        Arrays.fill(plain.array(), (byte) 0);
    }
}
