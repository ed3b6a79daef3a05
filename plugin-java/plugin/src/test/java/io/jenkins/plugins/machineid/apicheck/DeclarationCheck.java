// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.apicheck;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.AnnotationNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.MethodNode;

/**
 * Holds each declared type and member against the real one of the same name. Told is what breaks a plugin that was compiled
 * against the declaration; what a newer Jenkins may do without breaking any is not: a member that moved up to an ancestor,
 * that more may use, that is no longer final or abstract, or that throws less. What we override is held by {@link UseCheck}.
 */
final class DeclarationCheck {
    private static final int KIND = Opcodes.ACC_INTERFACE | Opcodes.ACC_ANNOTATION | Opcodes.ACC_ENUM;
    private static final int MEMBER =
            Opcodes.ACC_STATIC | Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED | Opcodes.ACC_FINAL | Opcodes.ACC_ABSTRACT;
    private static final String RETENTION = "Ljava/lang/annotation/Retention;";

    private final ClassPool declared;
    private final ClassPool real;
    private final List<String> findings = new ArrayList<>();

    DeclarationCheck(ClassPool declared, ClassPool real) {
        this.declared = declared;
        this.real = real;
    }

    List<String> run() {
        for (String name : new TreeSet<>(declared.names())) {
            type(declared.find(name));
        }
        return findings;
    }

    private void type(ClassNode mine) {
        ClassNode theirs = real.find(mine.name);
        if (theirs == null) {
            say(mine.name, "doesn't exist");
            return;
        }
        flags(mine.name, "", ClassPool.access(mine), ClassPool.access(theirs));
        Set<String> line = real.lineage(mine.name);
        if (mine.superName != null && !line.contains(mine.superName)) {
            say(mine.name, "isn't a " + mine.superName);
        }
        for (String parent : mine.interfaces) {
            if (!line.contains(parent)) {
                say(mine.name, "isn't a " + parent);
            }
        }
        if (!String.valueOf(retention(mine)).equals(String.valueOf(retention(theirs)))) {
            say(mine.name, "other retention: " + retention(theirs));
        }
        mine.fields.stream().filter(field -> visible(field.access)).forEach(field -> field(mine, field));
        mine.methods.stream().filter(method -> visible(method.access)).forEach(method -> method(mine, method));
    }

    private static boolean visible(int access) {
        return (access & (Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED)) != 0 && (access & Opcodes.ACC_SYNTHETIC) == 0;
    }

    private void field(ClassNode owner, FieldNode mine) {
        FieldNode theirs = real.field(owner.name, mine.name, mine.desc);
        if (theirs == null) {
            say(owner.name, mine.name + " " + mine.desc + " doesn't exist");
            return;
        }
        flags(owner.name, mine.name + " ", mine.access, theirs.access);
        if (mine.value != null && !mine.value.equals(theirs.value)) {
            say(owner.name, mine.name + " is " + theirs.value);
        }
    }

    private void method(ClassNode owner, MethodNode mine) {
        String name = mine.name + mine.desc;
        MethodNode theirs = real.method(owner.name, mine.name, mine.desc);
        if (theirs == null) {
            say(owner.name, name + " doesn't exist");
            return;
        }
        flags(owner.name, name + " ", mine.access, theirs.access);
        Set<String> thrown = new HashSet<>(theirs.exceptions);
        thrown.removeIf(this::unchecked);
        // What isn't declared nobody catches.
        thrown.removeIf(each -> real.lineage(each).stream().anyMatch(mine.exceptions::contains));
        if (owns(owner.name, mine) && !thrown.isEmpty()) {
            say(owner.name, name + " throws " + theirs.exceptions);
        }
        if (mine.annotationDefault != null && !mine.annotationDefault.equals(theirs.annotationDefault)) {
            say(owner.name, name + " has default " + theirs.annotationDefault);
        }
    }

    private boolean owns(String owner, MethodNode mine) {
        return real.find(owner).methods.stream()
                .anyMatch(method -> method.name.equals(mine.name) && method.desc.equals(mine.desc));
    }

    private boolean unchecked(String exception) {
        Set<String> line = real.lineage(exception);
        return line.contains("java/lang/RuntimeException") || line.contains("java/lang/Error");
    }

    private void flags(String type, String member, int mine, int theirs) {
        int difference = (mine ^ theirs) & (KIND | MEMBER);
        // Lost are: who may use it, who may extend it, and that there is something to call.
        int harmful = difference & (KIND | Opcodes.ACC_STATIC) | difference & theirs & (Opcodes.ACC_FINAL | Opcodes.ACC_ABSTRACT);
        if (UseCheck.rank(theirs) < UseCheck.rank(mine)) {
            harmful |= difference & (Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED);
        }
        if (harmful != 0) {
            say(type, member + "other modifiers: 0x" + Integer.toHexString(harmful));
        }
    }

    private static Object retention(ClassNode node) {
        if (node.visibleAnnotations != null) {
            for (AnnotationNode annotation : node.visibleAnnotations) {
                if (annotation.desc.equals(RETENTION)) {
                    return ((String[]) annotation.values.get(1))[1];
                }
            }
        }
        return null;
    }

    private void say(String type, String what) {
        findings.add("declared " + type + ": " + what);
    }
}
