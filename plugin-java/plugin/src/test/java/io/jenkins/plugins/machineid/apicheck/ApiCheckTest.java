// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.apicheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApiCheckTest {
    private static final Path DECLARATIONS = Path.of("../jenkins-api/target/classes");
    private static final Path PLUGIN = Path.of("target/classes");

    @Test
    void declarations_and_uses_exist_in_the_real_jars() throws IOException {
        String lib = System.getProperty("jenkins.lib", "");
        if (lib.isEmpty()) {
            System.out.println("SKIPPED: API check; give -Djenkins.lib=DIR with the jars of a real Jenkins");
        }
        assumeTrue(!lib.isEmpty());
        assertEquals(List.of(), ApiCheck.run(Path.of(lib), DECLARATIONS, PLUGIN));
    }

    @Test
    void what_the_plugin_uses_is_declared() throws IOException {
        assumeTrue(Files.isDirectory(DECLARATIONS));
        ClassPool all = new ClassPool();
        all.add(PLUGIN);
        all.add(DECLARATIONS);
        List<String> jenkins = new UseCheck(java.util.Set.copyOf(all.names()), all)
                .run().stream().filter(finding -> finding.contains(" hudson/")).toList();
        assertTrue(jenkins.isEmpty(), jenkins.toString());
    }

    @Test
    void a_wrong_declaration_is_found() throws IOException {
        assumeTrue(Files.isDirectory(DECLARATIONS));
        ClassPool declared = new ClassPool();
        declared.add(DECLARATIONS);
        List<String> findings = new DeclarationCheck(declared, new ClassPool()).run();
        assertEquals(declared.names().size(), findings.size());
    }
}
