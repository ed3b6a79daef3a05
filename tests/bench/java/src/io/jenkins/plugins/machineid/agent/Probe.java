package io.jenkins.plugins.machineid.agent;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a fresh JVM pays: {@code load} prints milliseconds, {@code memory COUNT} MiB with a lease of each identity. */
public final class Probe {
    private Probe() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "load" -> load();
            case "memory" -> memory(Integer.parseInt(arguments[1]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void load() {
        long start = System.nanoTime();
        Engine.load();
        long loaded = System.nanoTime();
        MachineIdNative.abiVersion();
        System.out.println((loaded - start) / 1e6);
    }

    private static void memory(int count) throws Exception {
        // Once to no purpose: the classes that measuring takes must not be counted.
        resident();
        double before = resident();
        Engine.load();
        try (Engine engine = new Engine()) {
            List<String> leases = new ArrayList<>();
            for (int identity = 0; identity < count; identity++) {
                leases.add(engine.acquire(identity));
            }
            System.out.println(resident() - before);
            leases.forEach(engine::release);
        }
    }

    private static double resident() throws Exception {
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        throw new IllegalStateException("no VmRSS");
    }
}
