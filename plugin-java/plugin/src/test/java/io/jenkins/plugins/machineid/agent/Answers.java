// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;

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
}
