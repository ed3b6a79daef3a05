// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Puts members into JSON that the controller wrote, without making a string of it. */
final class JsonMembers {
    private JsonMembers() {}

    /**
     * A new array with the agent's own {@code root}, {@code helper} and {@code helper_sha256} as first members.
     *
     * @param config a JSON object with at least one member, without those
     */
    static byte[] paths(byte[] config, String root, Helper helper) {
        String head = "{\"root\":" + quote(root) + ",\"helper\":" + quote(helper.path()) + ",\"helper_sha256\":"
                + quote(helper.sha256()) + ",";
        return joined(head.getBytes(StandardCharsets.UTF_8), new byte[0], new byte[0], config);
    }

    /**
     * A new array with {@code id_token} as first member; the caller wipes it.
     *
     * @param request a JSON object with at least one member, without that
     * @param statement a compact JWS: three parts of base64url
     */
    static byte[] statement(byte[] request, byte[] statement) {
        for (byte each : statement) {
            boolean plain = each >= 'a' && each <= 'z' || each >= 'A' && each <= 'Z' || each >= '0' && each <= '9';
            if (!plain && each != '-' && each != '_' && each != '.') {
                throw new IllegalArgumentException("the statement is no JWS");
            }
        }
        byte[] before = "{\"id_token\":\"".getBytes(StandardCharsets.UTF_8);
        return joined(before, statement, "\",".getBytes(StandardCharsets.UTF_8), request);
    }

    /** All of it, the last without its opening brace. */
    private static byte[] joined(byte[] before, byte[] value, byte[] after, byte[] object) {
        if (object.length < 3 || object[0] != '{') {
            throw new IllegalArgumentException("no JSON object with a member");
        }
        return ByteBuffer.allocate(before.length + value.length + after.length + object.length - 1)
                .put(before)
                .put(value)
                .put(after)
                .put(object, 1, object.length - 1)
                .array();
    }

    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", c));
            } else {
                out.append((char) c);
            }
        });
        return out.append('"').toString();
    }
}
