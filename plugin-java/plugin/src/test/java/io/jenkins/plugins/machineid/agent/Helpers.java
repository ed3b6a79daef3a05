// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Programs that child processes are made of: the real helper, where one is given, and such as only tests have. */
final class Helpers {
    private Helpers() {}

    /** Null: none is given. */
    static Path given() {
        String helper = System.getProperty("machineid.helper", "");
        if (!helper.isEmpty()) {
            return Path.of(helper).toAbsolutePath();
        }
        String library = System.getProperty("machineid.library", System.getenv().getOrDefault("MACHINE_ID_TEST_LIB", ""));
        Path beside = library.isEmpty() ? null : Path.of(library).toAbsolutePath().resolveSibling(NativeFiles.HELPER);
        return beside != null && Files.isExecutable(beside) ? beside : null;
    }

    /** A message as a child writes it. */
    static byte[] reply(long id, String body) {
        byte[] head = ("{\"id\":" + id + "}").getBytes(StandardCharsets.UTF_8);
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + head.length + bytes.length)
                .putInt(head.length)
                .put(head)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    static byte[] hello() {
        return reply(0, "{\"ok\":{\"abi\":" + MachineIdNative.ABI + ",\"version\":\"0\"}}");
    }

    static byte[] joined(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(java.util.Arrays.stream(parts).mapToInt(part -> part.length).sum());
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }
}
