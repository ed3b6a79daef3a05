// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

/** The only class with native methods. The library binds them by name: neither may be renamed alone. */
final class MachineIdNative {
    /** Number of the JSON contract and of these signatures; the library tells its own by {@link #abiVersion()}. */
    static final int ABI = 4;

    private MachineIdNative() {}

    static native int abiVersion();

    static native byte[] open(byte[] config);

    static native byte[] check(byte[] config);

    static native byte[] acquire(long engine, byte[] request);

    static native byte[] release(long engine, byte[] leaseId);

    static native byte[] discard(byte[] request);

    static native byte[] renew(long engine, byte[] identityId);

    static native byte[] drop(long engine, byte[] identityId);

    static native byte[] status(long engine);

    static native byte[] close(long engine);

    /** The native methods behind the interface. */
    static final class Bound implements NativeApi {
        @Override
        public int abiVersion() {
            return MachineIdNative.abiVersion();
        }

        @Override
        public byte[] open(byte[] config) {
            return MachineIdNative.open(config);
        }

        @Override
        public byte[] check(byte[] config) {
            return MachineIdNative.check(config);
        }

        @Override
        public byte[] acquire(long engine, byte[] request) {
            return MachineIdNative.acquire(engine, request);
        }

        @Override
        public byte[] release(long engine, byte[] leaseId) {
            return MachineIdNative.release(engine, leaseId);
        }

        @Override
        public byte[] discard(byte[] request) {
            return MachineIdNative.discard(request);
        }

        @Override
        public byte[] renew(long engine, byte[] identityId) {
            return MachineIdNative.renew(engine, identityId);
        }

        @Override
        public byte[] drop(long engine, byte[] identityId) {
            return MachineIdNative.drop(engine, identityId);
        }

        @Override
        public byte[] status(long engine) {
            return MachineIdNative.status(engine);
        }

        @Override
        public byte[] close(long engine) {
            return MachineIdNative.close(engine);
        }
    }
}
