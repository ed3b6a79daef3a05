// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A changed class of the plugin for an agent that an attacker controls: each call is answered with the file of its name
 * in the folder {@code hostile}; one that says SILENCE is never answered.
 */
final class Engines {
    Engines(NativeApi api) {}

    private static byte[] answer(String call, String lease) {
        Path file = Path.of(System.getProperty("hostile"), call + ".json");
        try {
            String text = Files.readString(file).replace("LEASE", lease);
            if (text.startsWith("SILENCE")) {
                Thread.sleep(Long.MAX_VALUE);
            }
            return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    byte[] open(String key, String identity, byte[] config) {
        return answer("open", "");
    }

    byte[] acquire(String key, String lease, byte[] request) {
        return answer("acquire", lease);
    }

    byte[] release(String lease, boolean forGood) {
        return answer("release", lease);
    }

    byte[] renew(String key, String identity) {
        return answer("open", "");
    }

    List<byte[]> status() {
        return List.of();
    }

    void closeAll() {}
}
