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

    /** A type with one method, as it was or came to be. */
    private record Shape(String name, int type, int method, String... thrown) {
        static final int ITSELF = Opcodes.ACC_PUBLIC | Opcodes.ACC_SUPER;

        /** @param above another one that the method may have moved to; null: none */
        void write(Path folder, Shape above, boolean withMethod) throws IOException {
            ClassWriter writer = new ClassWriter(0);
            writer.visit(Opcodes.V17, type, name, null, above == null ? "java/lang/Object" : above.name, null);
            if (withMethod) {
                writer.visitMethod(method, "name", "()V", null, thrown).visitEnd();
            }
            writer.visitEnd();
            Path file = folder.resolve(name + ".class");
            Files.createDirectories(file.getParent());
            Files.write(file, writer.toByteArray());
        }

        ClassPool pool(Path folder) throws IOException {
            write(folder, null, true);
            ClassPool pool = new ClassPool();
            pool.add(folder);
            return pool;
        }
    }

    private static ClassPool interfaceWith(Path folder, int access) throws IOException {
        int type = Opcodes.ACC_PUBLIC | Opcodes.ACC_INTERFACE | Opcodes.ACC_ABSTRACT;
        return new Shape("hudson/Thing", type, Opcodes.ACC_PUBLIC | access).pool(folder);
    }

    /** What is told of the second one by whoever was compiled against the first one, and the other way round. */
    private static void oneWay(Path folder, Shape before, Shape after, String told) throws IOException {
        ClassPool first = before.pool(folder.resolve("a"));
        ClassPool second = after.pool(folder.resolve("b"));
        assertEquals(List.of(), new DeclarationCheck(first, second).run());
        assertEquals(List.of("declared hudson/Thing: " + told), new DeclarationCheck(second, first).run());
    }

    private static Shape method(int access, String... thrown) {
        return new Shape("hudson/Thing", Shape.ITSELF | Opcodes.ACC_ABSTRACT, access, thrown);
    }

    @Test
    void more_may_come_to_use_a_method_but_not_fewer(@TempDir Path folder) throws IOException {
        int difference = Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED;
        oneWay(folder, method(Opcodes.ACC_PROTECTED), method(Opcodes.ACC_PUBLIC),
                "name()V other modifiers: 0x" + Integer.toHexString(difference));
    }

    @Test
    void a_method_may_come_to_be_overridden_but_not_closed(@TempDir Path folder) throws IOException {
        oneWay(folder, method(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL), method(Opcodes.ACC_PUBLIC), "name()V other modifiers: 0x10");
    }

    @Test
    void a_method_may_throw_less_but_nothing_that_nobody_catches(@TempDir Path folder) throws IOException {
        oneWay(folder.resolve("1"), method(Opcodes.ACC_PUBLIC, "java/io/IOException"), method(Opcodes.ACC_PUBLIC),
                "name()V throws [java/io/IOException]");
        oneWay(folder.resolve("2"), method(Opcodes.ACC_PUBLIC, "java/io/IOException"),
                method(Opcodes.ACC_PUBLIC, "java/io/FileNotFoundException", "java/lang/IllegalStateException"),
                "name()V throws [java/io/IOException]");
    }

    @Test
    void a_type_may_be_opened_but_not_closed(@TempDir Path folder) throws IOException {
        int method = Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC;
        oneWay(folder, new Shape("hudson/Thing", Shape.ITSELF | Opcodes.ACC_FINAL, method),
                new Shape("hudson/Thing", Shape.ITSELF, method), "other modifiers: 0x10");
    }

    @Test
    void what_is_static_stays_so(@TempDir Path folder) throws IOException {
        ClassPool one = method(Opcodes.ACC_PUBLIC).pool(folder.resolve("a"));
        ClassPool other = method(Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC).pool(folder.resolve("b"));
        assertEquals(1, new DeclarationCheck(one, other).run().size());
        assertEquals(1, new DeclarationCheck(other, one).run().size());
    }

    /** As Jenkins moves members up: the JVM looks there too. */
    @Test
    void a_method_may_move_to_a_superclass(@TempDir Path folder) throws IOException {
        Shape thing = method(Opcodes.ACC_PUBLIC, "java/io/IOException");
        ClassPool before = thing.pool(folder.resolve("a"));
        Shape above = new Shape("hudson/Above", Shape.ITSELF | Opcodes.ACC_ABSTRACT, Opcodes.ACC_PUBLIC);
        above.write(folder.resolve("b"), null, true);
        thing.write(folder.resolve("b"), above, false);
        ClassPool after = new ClassPool();
        after.add(folder.resolve("b"));
        assertEquals(List.of(), new DeclarationCheck(before, after).run());
        // It may not go altogether.
        above.write(folder.resolve("c"), null, false);
        thing.write(folder.resolve("c"), above, false);
        ClassPool gone = new ClassPool();
        gone.add(folder.resolve("c"));
        assertEquals(List.of("declared hudson/Thing: name()V doesn't exist"), new DeclarationCheck(before, gone).run());
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
