package io.jenkins.plugins.machineid.agent;

import static io.jenkins.plugins.machineid.agent.Checks.bytes;
import static io.jenkins.plugins.machineid.agent.Checks.code;
import static io.jenkins.plugins.machineid.agent.Checks.config;
import static io.jenkins.plugins.machineid.agent.Checks.lease;
import static io.jenkins.plugins.machineid.agent.Checks.ok;
import static io.jenkins.plugins.machineid.agent.Checks.opened;
import static io.jenkins.plugins.machineid.agent.Checks.order;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;

/**
 * Calls from a thread with the smallest stack that the JVM gives. What overflows in native code ends the JVM, so all
 * that the library does has to be done on its own threads. Property of {@link #main}: library.
 */
final class SmallStack {
    /** The longest input that is read. */
    private static final int LONGEST = 1 << 20;

    private SmallStack() {}

    public static void main(String[] arguments) throws Exception {
        System.load(System.getProperty("library"));
        run(Path.of(System.getProperty("work")));
        System.out.println("held");
    }

    static void run(Path work) throws Exception {
        // Any file does: nothing is run.
        Files.writeString(work.resolve("small-helper"), "a helper");
        FutureTask<Void> task = new FutureTask<>(() -> calls(work), null);
        new Thread(null, task, "small", 1).start();
        task.get();
    }

    private static void calls(Path work) {
        Path root = work.resolve("small-root");
        Path helper = work.resolve("small-helper");
        long engine = opened(MachineIdNative.open(config(root, helper, "127.0.0.1:1", "t", null)));
        for (String nested : new String[] {"[", "{\"a\":", "[{\"lease\":"}) {
            byte[] deep = bytes(nested.repeat(LONGEST / nested.length()));
            code("config_invalid", MachineIdNative.open(deep));
            code("config_invalid", MachineIdNative.check(deep));
            code("request_invalid", MachineIdNative.acquire(engine, deep));
            code("request_invalid", MachineIdNative.renew(engine, deep));
            code("request_invalid", MachineIdNative.release(engine, deep));
        }
        // As deep as is read, and closed as it should be.
        byte[] closed = bytes("[".repeat(127) + "]".repeat(127));
        code("request_invalid", MachineIdNative.acquire(engine, closed));
        // A fault for each of very many entries is formatted, too.
        byte[] faults = bytes("{\"abi\":9,\"identities\":[" + "{},".repeat(LONGEST / 4) + "{}]}");
        code("config_invalid", MachineIdNative.open(faults));
        code("request_invalid", MachineIdNative.acquire(engine, null));
        code("request_invalid", MachineIdNative.acquire(engine, new byte[LONGEST + 100]));
        code("cluster_unreachable", MachineIdNative.check(config(root, helper, "127.0.0.1:1", null, null)));
        code("cluster_unreachable", MachineIdNative.acquire(engine, order(lease(3), work.resolve("small"), true)));
        ok(MachineIdNative.status(engine));
        ok(MachineIdNative.close(engine));
        code("handle_invalid", MachineIdNative.status(engine));
    }
}
