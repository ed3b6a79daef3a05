// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarInputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the .hpi holds. Runs after packaging. */
class PackageIT {
    private static final File HPI = new File("target/machine-id.hpi");
    private static final Map<String, Long> OUTER = new TreeMap<>();
    private static final Map<String, byte[]> INNER = new TreeMap<>();
    private static Attributes outer;
    private static Attributes inner;

    @BeforeAll
    static void read() throws IOException {
        try (JarFile hpi = new JarFile(HPI)) {
            outer = hpi.getManifest().getMainAttributes();
            hpi.stream().filter(entry -> !entry.isDirectory()).forEach(entry -> OUTER.put(entry.getName(), entry.getSize()));
            byte[] jar = hpi.getInputStream(hpi.getEntry("WEB-INF/lib/machine-id.jar")).readAllBytes();
            try (JarInputStream content = new JarInputStream(new ByteArrayInputStream(jar))) {
                inner = content.getManifest().getMainAttributes();
                for (ZipEntry entry = content.getNextEntry(); entry != null; entry = content.getNextEntry()) {
                    if (!entry.isDirectory()) {
                        INNER.put(entry.getName(), content.readAllBytes());
                    }
                }
            }
        }
        System.out.println(HPI + ": " + HPI.length() + " bytes");
        OUTER.forEach((name, size) -> System.out.printf("%10d %s%n", size, name));
        INNER.forEach((name, content) -> {
            if (name.startsWith("native/")) {
                System.out.printf("%10d %s%n", content.length, name);
            }
        });
    }

    @Test
    void it_holds_the_manifest_and_three_jars() {
        assertEquals(
                Set.of(
                        "META-INF/MANIFEST.MF",
                        "WEB-INF/lib/machine-id.jar",
                        "WEB-INF/lib/json-20260814.jar",
                        "WEB-INF/lib/nimbus-jose-jwt-10.10.jar"),
                OUTER.keySet());
    }

    @Test
    void both_manifests_say_the_same() {
        for (String key : new String[] {"Short-Name", "Plugin-Version", "Jenkins-Version", "Plugin-Dependencies"}) {
            assertFalse(String.valueOf(outer.getValue(key)).isBlank(), key);
            assertEquals(outer.getValue(key), inner.getValue(key), key);
        }
        assertEquals("machine-id", outer.getValue("Short-Name"));
        assertTrue(outer.getValue("Jenkins-Version").startsWith("2.479."));
        assertFalse(outer.getValue("Plugin-Dependencies").contains("configuration-as-code"));
    }

    /** As the plugin manager shows it: who made it, by which licence, and where its source is. */
    @Test
    void the_manifest_says_where_it_comes_from() {
        String url = outer.getValue("Url");
        assertTrue(url.matches("https://[\\w./-]+[^/]"), url);
        assertEquals(url, outer.getValue("Plugin-ScmUrl"));
        assertEquals("scm:git:" + url + ".git", outer.getValue("Plugin-ScmConnection"));
        assertTrue(outer.getValue("Plugin-Developers").matches("[^:$]+:[\\w-]+:.*"), outer.getValue("Plugin-Developers"));
        assertTrue(outer.getValue("Plugin-License-Name").contains("Apache"));
        assertTrue(outer.getValue("Plugin-License-Url").startsWith("https://www.apache.org/licenses/"));
    }

    @Test
    void no_declaration_of_jenkins_is_inside() {
        for (String name : INNER.keySet()) {
            if (name.endsWith(".class")) {
                assertTrue(name.startsWith("io/jenkins/plugins/machineid/"), name);
                assertFalse(name.contains("/processor/"), name);
            }
        }
    }

    @Test
    void the_vocabulary_is_the_contracts() throws IOException {
        byte[] contract = Files.readAllBytes(Path.of("../../contract/vocabulary.json"));
        assertArrayEquals(contract, INNER.get("io/jenkins/plugins/machineid/vocabulary/vocabulary.json"));
    }

    @Test
    void the_indexes_name_the_extensions_and_symbols() {
        assertTrue(INNER.containsKey("META-INF/annotations/hudson.Extension"));
        String symbols = new String(
                INNER.get("META-INF/services/annotations/org.jenkinsci.Symbol"), StandardCharsets.UTF_8);
        assertTrue(symbols.contains("io.jenkins.plugins.machineid.step.MachineIdStep$DescriptorImpl\n"), symbols);
        assertEquals(new TreeSet<>(symbols.lines().toList()).size(), symbols.lines().count());
    }

    /** The platforms of the list, or those of PLATFORMS, if the plugin was built for these alone; nothing else. */
    @Test
    void it_holds_the_platforms_that_are_listed() throws IOException {
        assumeTrue(INNER.containsKey("native/platforms"), "SKIPPED: packaged without native files");
        String only = System.getenv("PLATFORMS");
        Set<String> wanted = new TreeSet<>();
        if (only != null && !only.isBlank()) {
            wanted.addAll(List.of(only.trim().split("\\s+")));
        } else {
            Files.readAllLines(Path.of("../../native/platforms")).stream()
                    .filter(line -> !line.startsWith("#"))
                    .forEach(line -> wanted.add(line.split(" ")[0]));
        }
        assertEquals(wanted, new TreeSet<>(text("native/platforms").lines().toList()));
        Set<String> files = new TreeSet<>(Set.of("native/platforms"));
        for (String platform : wanted) {
            for (String name : List.of("libmachine_id.so", "machine-id", "digests")) {
                files.add("native/" + platform + "/" + name);
            }
        }
        Set<String> held = new TreeSet<>(INNER.keySet());
        held.removeIf(name -> !name.startsWith("native/"));
        assertEquals(files, held);
    }

    /** Their sizes are held by .ci/check-native, which has measured the files of these digests. */
    @Test
    void library_and_helper_match_their_digests() {
        assumeTrue(INNER.containsKey("native/platforms"), "SKIPPED: packaged without native files");
        for (String platform : text("native/platforms").lines().toList()) {
            String folder = "native/" + platform + "/";
            assertEquals(
                    sha256(INNER.get(folder + "libmachine_id.so")) + "  libmachine_id.so\n"
                            + sha256(INNER.get(folder + "machine-id")) + "  machine-id\n",
                    text(folder + "digests"));
        }
    }

    private static String text(String name) {
        return new String(INNER.get(name), StandardCharsets.UTF_8);
    }

    private static String sha256(byte[] content) {
        try {
            return java.util.HexFormat.of()
                    .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(content));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
