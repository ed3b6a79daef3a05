// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Puts the agent's own paths into a configuration that the controller wrote, without making a string of it. */
final class EnginePaths {
    private EnginePaths() {}

    /**
     * A new array with {@code root}, {@code helper} and {@code helper_sha256} as first members.
     *
     * @param config a JSON object with at least one member, without those
     */
    static byte[] insert(byte[] config, String root, Helper helper) {
        if (config.length < 3 || config[0] != '{') {
            throw new IllegalArgumentException("configuration is no JSON object");
        }
        byte[] head = ("{\"root\":" + quote(root) + ",\"helper\":" + quote(helper.path()) + ",\"helper_sha256\":"
                        + quote(helper.sha256()) + ",")
                .getBytes(StandardCharsets.UTF_8);
        byte[] whole = Arrays.copyOf(head, head.length + config.length - 1);
        System.arraycopy(config, 1, whole, head.length, config.length - 1);
        return whole;
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
