// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Ending a lease: no engine and no token for it, and no walk through a directory that its build can change. */
class DiscardAttackTest {
    private static final String LEASE = "9f0c1d2e3a4b5c6d7e8f901a2b3c4d5e";

    @Test
    void a07AReleaseThatNoEngineHasIsNotGivenToAnother() {
        FakeNative library = new FakeNative();
        Engines engines = new Engines(library);
        engines.open("key", "another", "{}".getBytes(StandardCharsets.UTF_8));
        assertNull(engines.release(LEASE, true));
        assertEquals(List.of("open 1"), library.calls, "nothing was opened or asked for it");
    }

    @Test
    void a07WhatIsSentToEndALeaseHoldsNoConfiguration() throws IOException {
        Path pair = Path.of(System.getProperty("machineid.contract", "../../contract"), "discard.request.json");
        assumeTrue(Files.exists(pair), () -> "SKIPPED: " + pair + " isn't there");
        String directory = "/home/jenkins/agent/workspace/job@tmp/machine-id-" + LEASE;
        byte[] request = DiscardTask.request("/home/jenkins/agent/machine-id", LEASE, directory);
        assertEquals(
                Files.readString(pair).replaceAll("\\s", ""), new String(request, StandardCharsets.UTF_8));
        String shorter = new String(DiscardTask.request("/r", LEASE, null), StandardCharsets.UTF_8);
        assertEquals("{\"root\":\"/r\",\"lease\":\"" + LEASE + "\"}", shorter);
    }

    @Test
    void a11NoClassOfThePluginRemovesATreeByPaths() throws IOException {
        Path classes = Path.of("target/classes/io/jenkins/plugins/machineid");
        List<Path> all;
        try (Stream<Path> found = Files.walk(classes)) {
            all = found.filter(path -> path.toString().endsWith(".class")).toList();
        }
        assertTrue(all.size() > 50, all.size() + " classes");
        for (Path one : all) {
            String content = new String(Files.readAllBytes(one), StandardCharsets.ISO_8859_1);
            for (String walks : List.of("walkFileTree", "FileVisitor", "deleteRecursive", "deleteContents")) {
                assertTrue(!content.contains(walks), one + " uses " + walks);
            }
        }
    }
}
