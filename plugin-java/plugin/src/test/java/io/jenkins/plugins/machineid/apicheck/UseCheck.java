// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.apicheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.InvokeDynamicInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TryCatchBlockNode;
import org.objectweb.asm.tree.TypeInsnNode;

/** Resolves what the plugin's byte code refers to, as the JVM will, against the real classes. */
final class UseCheck {
    private final Set<String> own;
    private final ClassPool all;
    private final List<String> findings = new ArrayList<>();

    /**
     * @param own names of the plugin's classes
     * @param all the plugin's and the real classes
     */
    UseCheck(Set<String> own, ClassPool all) {
        this.own = own;
        this.all = all;
    }

    List<String> run() {
        for (String name : new TreeSet<>(own)) {
            ClassNode node = all.find(name);
            inheritance(node);
            for (MethodNode method : node.methods) {
                for (AbstractInsnNode instruction : method.instructions) {
                    instruction(node.name + "." + method.name, instruction);
                }
                for (TryCatchBlockNode block : method.tryCatchBlocks) {
                    if (block.type != null) {
                        exists(node.name + "." + method.name, block.type);
                    }
                }
            }
        }
        return findings;
    }

    private void instruction(String place, AbstractInsnNode instruction) {
        if (instruction instanceof MethodInsnNode call) {
            call(place, call.getOpcode(), call.owner, call.name, call.desc, call.itf);
        } else if (instruction instanceof FieldInsnNode access) {
            FieldNode field = all.field(access.owner, access.name, access.desc);
            boolean isStatic = access.getOpcode() == Opcodes.GETSTATIC || access.getOpcode() == Opcodes.PUTSTATIC;
            if (field == null) {
                say(place, access.owner + "." + access.name + " " + access.desc + " doesn't exist");
            } else if (isStatic != ((field.access & Opcodes.ACC_STATIC) != 0)) {
                say(place, access.owner + "." + access.name + " is (not) static");
            }
        } else if (instruction instanceof TypeInsnNode type) {
            exists(place, type.desc);
        } else if (instruction instanceof InvokeDynamicInsnNode dynamic) {
            for (Object argument : dynamic.bsmArgs) {
                if (argument instanceof Handle handle && handle.getTag() > Opcodes.H_PUTSTATIC) {
                    handle(place, handle);
                }
            }
            single(place, dynamic);
        }
    }

    private void handle(String place, Handle handle) {
        if (all.method(handle.getOwner(), handle.getName(), handle.getDesc()) == null) {
            say(place, handle + " doesn't exist");
        }
    }

    /** A lambda's interface has exactly the abstract method that the compiler saw. */
    private void single(String place, InvokeDynamicInsnNode dynamic) {
        if (!dynamic.bsm.getOwner().equals("java/lang/invoke/LambdaMetafactory")) {
            return;
        }
        String type = Type.getReturnType(dynamic.desc).getInternalName();
        MethodNode method = all.method(type, dynamic.name, ((Type) dynamic.bsmArgs[0]).getDescriptor());
        if (method == null || (method.access & Opcodes.ACC_ABSTRACT) == 0) {
            say(place, type + "." + dynamic.name + " isn't the method of a functional interface");
        }
    }

    private void call(String place, int opcode, String owner, String name, String descriptor, boolean itf) {
        if (owner.startsWith("[") || owner.equals("java/lang/invoke/MethodHandle")) {
            return;
        }
        ClassNode type = all.find(owner);
        if (type == null) {
            say(place, owner + " doesn't exist");
            return;
        }
        if (itf != ((type.access & Opcodes.ACC_INTERFACE) != 0)) {
            say(place, owner + " is (not) an interface");
        }
        MethodNode method = all.method(owner, name, descriptor);
        if (method == null) {
            say(place, owner + "." + name + descriptor + " doesn't exist");
        } else if ((opcode == Opcodes.INVOKESTATIC) != ((method.access & Opcodes.ACC_STATIC) != 0)) {
            say(place, owner + "." + name + descriptor + " is (not) static");
        }
    }

    private void exists(String place, String type) {
        Type element = type.startsWith("[") ? Type.getType(type).getElementType() : Type.getObjectType(type);
        if (element.getSort() == Type.OBJECT && all.find(element.getInternalName()) == null) {
            say(place, type + " doesn't exist");
        }
    }

    private void inheritance(ClassNode node) {
        boolean concrete = (node.access & (Opcodes.ACC_ABSTRACT | Opcodes.ACC_INTERFACE)) == 0;
        for (String parent : all.lineage(node.name)) {
            ClassNode ancestor = all.find(parent);
            if (ancestor == null) {
                say(node.name, "ancestor " + parent + " doesn't exist");
                continue;
            }
            if (parent.equals(node.superName) && (ancestor.access & Opcodes.ACC_FINAL) != 0) {
                say(node.name, "extends final " + parent);
            }
            if (parent.equals(node.name)) {
                continue;
            }
            for (MethodNode inherited : ancestor.methods) {
                if ((inherited.access & (Opcodes.ACC_STATIC | Opcodes.ACC_PRIVATE)) == 0 && !inherited.name.startsWith("<")) {
                    inherited(node, concrete, parent, inherited);
                }
            }
        }
    }

    private void inherited(ClassNode node, boolean concrete, String parent, MethodNode inherited) {
        MethodNode found = all.method(node.name, inherited.name, inherited.desc);
        boolean mine = node.methods.contains(found);
        if (mine && (inherited.access & Opcodes.ACC_FINAL) != 0) {
            say(node.name, "overrides final " + parent + "." + inherited.name + inherited.desc);
        }
        if (mine && rank(found.access) < rank(inherited.access)) {
            say(node.name, "narrows the access of " + parent + "." + inherited.name + inherited.desc);
        }
        if (concrete && found != null && (found.access & Opcodes.ACC_ABSTRACT) != 0 && !implemented(node, inherited)) {
            say(node.name, "leaves " + parent + "." + inherited.name + inherited.desc + " abstract");
        }
    }

    /** The search is nearest first, not by the JVM's rule: a default or a class's method further away also counts. */
    private boolean implemented(ClassNode node, MethodNode wanted) {
        for (String type : all.lineage(node.name)) {
            ClassNode ancestor = all.find(type);
            if (ancestor != null
                    && ancestor.methods.stream()
                            .anyMatch(method -> method.name.equals(wanted.name)
                                    && method.desc.equals(wanted.desc)
                                    && (method.access & Opcodes.ACC_ABSTRACT) == 0)) {
                return true;
            }
        }
        return false;
    }

    static int rank(int access) {
        if ((access & Opcodes.ACC_PUBLIC) != 0) {
            return 3;
        }
        if ((access & Opcodes.ACC_PROTECTED) != 0) {
            return 2;
        }
        return (access & Opcodes.ACC_PRIVATE) != 0 ? 0 : 1;
    }

    private void say(String place, String what) {
        findings.add("used in " + place + ": " + what);
    }
}
