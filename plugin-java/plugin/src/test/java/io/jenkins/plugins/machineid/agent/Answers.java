// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;

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
