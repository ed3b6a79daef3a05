// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;

/**
 * Exchanges a class that the controller sends while the agent's JVM defines it: it has the same name and the same class
 * loader as the real one, so that the controller reads its answers as it reads those of any agent.
 */
public final class Changer {
    private static final String CHANGED = "io/jenkins/plugins/machineid/agent/Engines";

    private Changer() {}

    public static void premain(String folder, Instrumentation jvm) {
        jvm.addTransformer(new ClassFileTransformer() {
            @Override
            public byte[] transform(ClassLoader loader, String name, Class<?> old, ProtectionDomain domain, byte[] code) {
                try {
                    return CHANGED.equals(name) ? Files.readAllBytes(Path.of(folder, CHANGED + ".class")) : null;
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
    }
}
