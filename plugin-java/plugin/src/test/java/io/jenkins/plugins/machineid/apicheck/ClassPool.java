// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.apicheck;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.InnerClassNode;
import org.objectweb.asm.tree.MethodNode;

/** Classes by internal name, from folders of classes, jars, and the jars inside of .war, .hpi and .jpi files. */
final class ClassPool {
    private final Map<String, byte[]> bytes = new HashMap<>();
    private final Map<String, ClassNode> parsed = new HashMap<>();

    void add(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            List<Path> entries;
            try (Stream<Path> files = Files.walk(path)) {
                entries = files.filter(Files::isRegularFile).sorted().toList();
            }
            for (Path entry : entries) {
                String name = path.relativize(entry).toString();
                if (name.endsWith(".class")) {
                    put(name, Files.readAllBytes(entry));
                } else if (isArchive(name)) {
                    addArchive(Files.newInputStream(entry));
                }
            }
        } else {
            addArchive(Files.newInputStream(path));
        }
    }

    private void addArchive(InputStream stream) throws IOException {
        try (ZipInputStream zip = new ZipInputStream(stream)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith(".class")) {
                    put(entry.getName(), zip.readAllBytes());
                } else if (entry.getName().startsWith("WEB-INF/lib/") && entry.getName().endsWith(".jar")) {
                    addArchive(new ByteArrayInputStream(zip.readAllBytes()));
                }
            }
        }
    }

    private static boolean isArchive(String name) {
        return name.endsWith(".jar") || name.endsWith(".war") || name.endsWith(".hpi") || name.endsWith(".jpi");
    }

    private void put(String file, byte[] content) {
        if (!file.startsWith("META-INF/") && !file.endsWith("module-info.class")) {
            bytes.putIfAbsent(file.substring(0, file.length() - ".class".length()), content);
        }
    }

    Set<String> names() {
        return bytes.keySet();
    }

    /** Null when neither the pool nor the JDK has it. */
    ClassNode find(String name) {
        return parsed.computeIfAbsent(name, this::read);
    }

    private ClassNode read(String name) {
        try {
            byte[] content = bytes.get(name);
            if (content == null) {
                java.net.URL jdk = ClassLoader.getSystemResource(name + ".class");
                if (jdk == null || !jdk.getProtocol().equals("jrt")) {
                    return null;
                }
                try (InputStream in = jdk.openStream()) {
                    content = in.readAllBytes();
                }
            }
            ClassNode node = new ClassNode();
            new ClassReader(content).accept(node, ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
            return node;
        } catch (IOException e) {
            return null;
        }
    }

    /** The class itself, its superclasses and all interfaces, nearest first. */
    Set<String> lineage(String name) {
        Set<String> line = new LinkedHashSet<>();
        climb(name, line);
        return line;
    }

    private void climb(String name, Set<String> line) {
        if (name == null || !line.add(name)) {
            return;
        }
        ClassNode node = find(name);
        if (node != null) {
            climb(node.superName, line);
            node.interfaces.forEach(parent -> climb(parent, line));
        }
    }

    /** Null when there is none. */
    MethodNode method(String owner, String name, String descriptor) {
        for (String type : lineage(owner)) {
            ClassNode node = find(type);
            if (node == null) {
                continue;
            }
            for (MethodNode method : node.methods) {
                boolean own = type.equals(owner) || !name.startsWith("<");
                if (own && method.name.equals(name) && method.desc.equals(descriptor)) {
                    return method;
                }
            }
        }
        return null;
    }

    /** Null when there is none. */
    FieldNode field(String owner, String name, String descriptor) {
        for (String type : lineage(owner)) {
            ClassNode node = find(type);
            if (node == null) {
                continue;
            }
            for (FieldNode field : node.fields) {
                if (field.name.equals(name) && field.desc.equals(descriptor)) {
                    return field;
                }
            }
        }
        return null;
    }

    /** Access flags as written in the source: those of nested classes stand in another attribute. */
    static int access(ClassNode node) {
        for (InnerClassNode inner : node.innerClasses) {
            if (inner.name.equals(node.name)) {
                return inner.access & ~Opcodes.ACC_SUPER;
            }
        }
        return node.access & ~Opcodes.ACC_SUPER;
    }
}
