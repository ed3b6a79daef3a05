package io.jenkins.plugins.machineid.agent;

/** Loads the library for the class loader that this class comes from. */
public final class Loader {
    private Loader() {}

    public static void load(String library) {
        System.load(library);
    }

    public static byte[] open(byte[] config) {
        return MachineIdNative.open(config);
    }
}
