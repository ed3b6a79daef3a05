package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An engine as the plugin's agent side uses it; properties: library, config (its configuration, a file), leases. */
final class Engine implements AutoCloseable {
    private static final Pattern OPENED = Pattern.compile("^\\{\"ok\":\\{\"engine\":(\\d+)}}$");
    private static final AtomicLong NUMBER = new AtomicLong(System.nanoTime());

    private final Path leases = Path.of(System.getProperty("leases"));
    private final long handle;

    Engine() throws Exception {
        String reply = text(MachineIdNative.open(Files.readAllBytes(Path.of(System.getProperty("config")))));
        Matcher matcher = OPENED.matcher(reply);
        if (!matcher.matches()) {
            throw new IllegalStateException(reply);
        }
        handle = Long.parseLong(matcher.group(1));
    }

    static void load() {
        System.load(System.getProperty("library"));
    }

    /** A new lease of an identity; its id. */
    String acquire(int identity) {
        String lease = String.format("%032x", NUMBER.incrementAndGet());
        String order = "{\"lease\":\"" + lease + "\",\"identity\":\"bench" + identity + "\",\"directory\":\""
                + leases.resolve(lease) + "\"}";
        checked(MachineIdNative.acquire(handle, bytes(order)));
        return lease;
    }

    void release(String lease) {
        checked(MachineIdNative.release(handle, bytes(lease)));
    }

    byte[] status() {
        return MachineIdNative.status(handle);
    }

    @Override
    public void close() {
        checked(MachineIdNative.close(handle));
    }

    private static void checked(byte[] reply) {
        if (!text(reply).startsWith("{\"ok\":")) {
            throw new IllegalStateException(text(reply));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] reply) {
        return new String(reply, StandardCharsets.UTF_8);
    }
}
