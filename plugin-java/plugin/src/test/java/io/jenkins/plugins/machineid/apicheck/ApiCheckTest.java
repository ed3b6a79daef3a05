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
import org.junit.jupiter.api.io.TempDir;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;

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

    private static ClassPool interfaceWith(Path folder, int access) throws IOException {
        ClassWriter writer = new ClassWriter(0);
        int type = Opcodes.ACC_PUBLIC | Opcodes.ACC_INTERFACE | Opcodes.ACC_ABSTRACT;
        writer.visit(Opcodes.V17, type, "hudson/Thing", null, "java/lang/Object", null);
        writer.visitMethod(Opcodes.ACC_PUBLIC | access, "name", "()V", null, null).visitEnd();
        writer.visitEnd();
        Files.createDirectories(folder.resolve("hudson"));
        Files.write(folder.resolve("hudson/Thing.class"), writer.toByteArray());
        ClassPool pool = new ClassPool();
        pool.add(folder);
        return pool;
    }

    /** As Describable's method came to have one in Jenkins 2.516; the other way round breaks who relied on it. */
    @Test
    void a_method_may_come_to_have_a_default_but_not_lose_it(@TempDir Path folder) throws IOException {
        ClassPool without = interfaceWith(folder.resolve("a"), Opcodes.ACC_ABSTRACT);
        ClassPool with = interfaceWith(folder.resolve("b"), 0);
        assertEquals(List.of(), new DeclarationCheck(without, with).run());
        assertEquals(
                List.of("declared hudson/Thing: name()V other modifiers: 0x400"), new DeclarationCheck(with, without).run());
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
