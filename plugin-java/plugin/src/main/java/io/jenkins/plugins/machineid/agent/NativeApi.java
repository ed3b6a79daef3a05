// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

/**
 * What the native library can do, whoever does it: the library in this JVM ({@link MachineIdNative.Bound}), or a child process
 * ({@link ChildApi}). A further platform needs one of the two.
 *
 * <p>Everything structured is one UTF-8 JSON object each way; every reply is {@code {"ok": …}} or
 * {@code {"error": …}}. None of these throws for a failure of the cluster or the disk.
 */
interface NativeApi {
    int abiVersion();

    byte[] open(byte[] config);

    byte[] check(byte[] config);

    byte[] acquire(long engine, byte[] request);

    byte[] release(long engine, byte[] leaseId);

    /** Ends a lease with the lease table alone: no engine, no configuration. */
    byte[] discard(byte[] request);

    byte[] renew(long engine, byte[] identityId);

    byte[] drop(long engine, byte[] identityId);

    byte[] status(long engine);

    byte[] close(long engine);

    /** Whether a number may stand for an open engine; false: it was lost with whoever had opened it. */
    default boolean holds(long engine) {
        return true;
    }

    /** How often all engines were lost. */
    default long losses() {
        return 0;
    }

    /** All engines are closed, and no call is expected soon. */
    default void rest() {}
}
