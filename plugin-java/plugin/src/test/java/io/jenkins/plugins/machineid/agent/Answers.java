// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What agents bring back, for tests of the controller. */
public final class Answers {
    private Answers() {}

    public static Answer of(String json) {
        return Answer.of(json.getBytes(StandardCharsets.UTF_8));
    }

    public static Answer wanted() {
        return Answer.configurationWanted(new SealedBox().publicKey());
    }

    /** As only an agent that makes its objects itself can send it. */
    public static Answer raw(byte[] reply, byte[] sealTo) {
        try {
            Constructor<Answer> constructor = Answer.class.getDeclaredConstructor(byte[].class, byte[].class);
            constructor.setAccessible(true);
            return constructor.newInstance(reply, sealTo);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    public static NativeUnavailableException unavailable(NativeUnavailableException.Reason reason, String detail) {
        return new NativeUnavailableException(reason, detail);
    }

    /** How an agent stands whose engines say this. */
    public static AgentStatus status(String... replies) {
        return AgentStatus.of("linux-x86_64", new Service(false, null, 0), bytes(replies), null);
    }

    /** As {@link #status}, to somebody who may know it already. */
    public static AgentStatus status(StatusTask asked, String... replies) {
        try {
            Field field = StatusTask.class.getDeclaredField("known");
            field.setAccessible(true);
            return AgentStatus.of("linux-x86_64", new Service(false, null, 0), bytes(replies), (String) field.get(asked));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static List<byte[]> bytes(String... replies) {
        return Arrays.stream(replies).map(reply -> reply.getBytes(StandardCharsets.UTF_8)).toList();
    }

    /** Of an agent where a child process does the work. */
    public static AgentStatus byChild(NativeUnavailableException.Reason because, long losses, String... replies) {
        return AgentStatus.of("linux-x86_64", new Service(true, because, losses), bytes(replies), null);
    }

    /** Of an agent where nothing has used the library yet. */
    public static AgentStatus unused(String platform, NativeUnavailableException why) {
        return AgentStatus.unused(platform, why);
    }

    /** As only an agent that makes its objects itself can send it. */
    public static AgentStatus raw(String platform, String number, ArrayList<?> replies) {
        try {
            Constructor<?> constructor = AgentStatus.class.getDeclaredConstructors()[0];
            constructor.setAccessible(true);
            return (AgentStatus) constructor.newInstance(platform, true, null, null, number, replies, null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a task that takes a lease asks the library for. */
    public static String request(AcquireTask task) {
        try {
            Field field = AcquireTask.class.getDeclaredField("request");
            field.setAccessible(true);
            return new String((byte[]) field.get(task), StandardCharsets.UTF_8);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** An agent's box, and what was sealed to it. */
    public static final class Box {
        private final SealedBox box = new SealedBox();

        public Answer key() {
            return Answer.configurationWanted(box.publicKey());
        }

        /** The statement in a task that takes a lease. */
        public String statement(AcquireTask task) {
            return new String(opened(task), StandardCharsets.US_ASCII);
        }

        private byte[] opened(AcquireTask task) {
            try {
                Field field = AcquireTask.class.getDeclaredField("statement");
                field.setAccessible(true);
                return box.open((byte[]) field.get(task));
            } catch (ReflectiveOperationException | GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }
    }
}
