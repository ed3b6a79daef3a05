package io.jenkins.plugins.machineid.agent;

/** The natives of some other version: one is missing, one has another signature. */
final class MachineIdNative {
    private MachineIdNative() {}

    static native int abiVersion();

    static native byte[] open(String config);
}
