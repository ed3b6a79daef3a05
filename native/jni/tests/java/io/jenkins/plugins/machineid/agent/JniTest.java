package io.jenkins.plugins.machineid.agent;

import static io.jenkins.plugins.machineid.agent.Checks.bytes;
import static io.jenkins.plugins.machineid.agent.Checks.code;
import static io.jenkins.plugins.machineid.agent.Checks.config;
import static io.jenkins.plugins.machineid.agent.Checks.lease;
import static io.jenkins.plugins.machineid.agent.Checks.ok;
import static io.jenkins.plugins.machineid.agent.Checks.opened;
import static io.jenkins.plugins.machineid.agent.Checks.order;
import static io.jenkins.plugins.machineid.agent.Checks.require;
import static io.jenkins.plugins.machineid.agent.Checks.text;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;

/** The library in a real JVM. Run by .ci/test-jni; properties: library, classes, misfit, work, rounds, hooks. */
public final class JniTest {
    private static final Path WORK = Path.of(System.getProperty("work"));
    private static final Path LIBRARY = Path.of(System.getProperty("library"));

    private JniTest() {}

    private interface Test {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        test("a library that doesn't fit the class is refused with an UnsatisfiedLinkError", JniTest::misfit);
        long start = System.nanoTime();
        System.load(LIBRARY.toString());
        System.out.printf("     loaded in %.1f ms%n", (System.nanoTime() - start) / 1e6);
        test("the ABI number is the plugin's", () -> require(MachineIdNative.abiVersion() == MachineIdNative.ABI, "another ABI"));
        test("garbage is answered with an error by every call", JniTest::garbage);
        test("stale, zero and forged handles are errors", JniTest::handles);
        test("of threads that close at once one closes", JniTest::concurrentClose);
        test("release takes an acquire back, and so does close", JniTest::cancel);
        test("a thread with a small stack is enough", () -> SmallStack.run(WORK));
        if (Boolean.getBoolean("hooks")) {
            test("a panic is a reply and the JVM lives on", JniTest::panic);
        }
        test("a second class loader has engines of its own, and its threads end with it", JniTest::otherLoader);
        test("rounds leave nothing behind", JniTest::rounds);
        if (System.getProperty("proxy") != null) {
            test("the happy path against a cluster", HappyPath::run);
        }
        require(Process.countOurs() == 0, "threads of the library are left");
        System.out.println("jni: all passed");
    }

    private static void test(String name, Test test) throws Exception {
        try {
            test.run();
            System.out.println("ok   " + name);
        } catch (Exception | Error e) {
            System.out.println("FAIL " + name);
            throw e;
        }
    }

    private static byte[] nowhere() {
        return config(WORK.resolve("root"), Path.of(System.getProperty("helper")), "127.0.0.1:1", "t", null);
    }

    private static void misfit() throws Exception {
        Path copy = Files.copy(LIBRARY, WORK.resolve("misfit.so"));
        try (URLClassLoader loader = isolated(System.getProperty("misfit"))) {
            loader.loadClass(Loader.class.getName()).getMethod("load", String.class).invoke(null, copy.toString());
            throw new AssertionError("it was loaded");
        } catch (java.lang.reflect.InvocationTargetException e) {
            require(e.getCause() instanceof UnsatisfiedLinkError, "not that: " + e.getCause());
            require(e.getCause().getMessage().contains("don't fit"), "no reason: " + e.getCause().getMessage());
        }
    }

    /** A loader that has its own copies of the classes: those of the first place, then those of the tests. */
    private static URLClassLoader isolated(String... first) throws Exception {
        List<URL> places = new ArrayList<>();
        for (String place : first) {
            places.add(Path.of(place).toUri().toURL());
        }
        for (String place : System.getProperty("classes").split(":")) {
            places.add(Path.of(place).toUri().toURL());
        }
        return new URLClassLoader(places.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    private static void garbage() {
        Random random = new Random(4);
        long engine = opened(MachineIdNative.open(nowhere()));
        List<byte[]> inputs = new ArrayList<>(List.of(new byte[0], bytes("{}"), bytes("[".repeat(100_000)),
                new byte[1 << 20], new byte[5 << 20], bytes("{\"abi\":1e999}"), bytes("\"\ud83d\ude00\0")));
        for (int i = 0; i < 500; i++) {
            byte[] input = new byte[random.nextInt(200)];
            random.nextBytes(input);
            inputs.add(input);
        }
        inputs.add(null);
        for (byte[] input : inputs) {
            code(MachineIdNative.open(input));
            code(MachineIdNative.check(input));
            code(MachineIdNative.acquire(engine, input));
            code(MachineIdNative.release(engine, input));
            code(MachineIdNative.renew(engine, input));
        }
        ok(MachineIdNative.status(engine), "\"state\":\"new\"");
        ok(MachineIdNative.close(engine));
    }

    private static void handles() {
        long stale = opened(MachineIdNative.open(nowhere()));
        ok(MachineIdNative.close(stale));
        for (long handle : new long[] {stale, 0, 1, -1, stale + 1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            code("handle_invalid", MachineIdNative.acquire(handle, order(lease(1), WORK, false)));
            code("handle_invalid", MachineIdNative.release(handle, bytes(lease(1))));
            code("handle_invalid", MachineIdNative.renew(handle, bytes("api")));
            code("handle_invalid", MachineIdNative.status(handle));
            code("handle_invalid", MachineIdNative.close(handle));
        }
    }

    private static void concurrentClose() throws Exception {
        for (int round = 0; round < 200; round++) {
            long engine = opened(MachineIdNative.open(nowhere()));
            CountDownLatch start = new CountDownLatch(1);
            List<FutureTask<String>> closers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                boolean closes = i < 2;
                closers.add(in(new FutureTask<>(() -> {
                    start.await();
                    return text(closes ? MachineIdNative.close(engine) : MachineIdNative.status(engine));
                })));
            }
            start.countDown();
            int closed = 0;
            for (FutureTask<String> closer : closers) {
                String reply = closer.get();
                closed += reply.equals("{\"ok\":{}}") ? 1 : 0;
                require(reply.startsWith("{\"ok\"") || reply.contains("\"handle_invalid\""), reply);
            }
            require(closed == 1, closed + " closed it");
        }
    }

    private static <T> FutureTask<T> in(FutureTask<T> task) {
        Thread thread = new Thread(null, task, "test", 0);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    private static void cancel() throws Exception {
        for (boolean close : new boolean[] {false, true}) {
            // Each with a server and a root of its own: what has begun to join goes on, so that a token isn't lost, and
            // its connections must not be taken for the next one's.
            try (ServerSocket silence = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
                String address = "127.0.0.1:" + silence.getLocalPort();
                Path root = WORK.resolve("silent-" + close);
                byte[] config = config(root, Path.of(System.getProperty("helper")), address, "t", null);
                long engine = opened(MachineIdNative.open(config));
                byte[] order = order(lease(2), WORK.resolve("cancelled"), true);
                FutureTask<byte[]> acquire = in(new FutureTask<>(() -> MachineIdNative.acquire(engine, order)));
                try (Socket ignored = accept(silence, acquire)) {
                    if (close) {
                        ok(MachineIdNative.close(engine));
                    } else {
                        ok(MachineIdNative.release(engine, bytes(lease(2))));
                    }
                    code("cancelled", acquire.get());
                }
                MachineIdNative.close(engine);
            }
        }
    }

    /** The connection of an acquire, or what it says instead. */
    private static Socket accept(ServerSocket listener, FutureTask<byte[]> acquire) throws Exception {
        listener.setSoTimeout(100);
        for (int i = 0; i < 300; i++) {
            try {
                return listener.accept();
            } catch (java.net.SocketTimeoutException e) {
                require(!acquire.isDone(), "it didn't connect, but gave " + (acquire.isDone() ? text(acquire.get()) : ""));
            }
        }
        throw new AssertionError("it doesn't connect");
    }

    private static void panic() {
        long engine = opened(MachineIdNative.open(nowhere()));
        byte[] reply = MachineIdNative.renew(engine, bytes("panic"));
        code("internal", reply);
        require(text(reply).contains("calls.rs:"), "no place: " + text(reply));
        ok(MachineIdNative.status(engine));
        ok(MachineIdNative.close(engine));
    }

    private static void otherLoader() throws Exception {
        long ours = opened(MachineIdNative.open(nowhere()));
        long before = Process.settled().ours();
        abandon();
        for (int i = 0; i < 200 && Process.countOurs() > before; i++) {
            System.gc();
            Thread.sleep(50);
        }
        require(Process.countOurs() == before, "its threads are left: " + Process.countOurs() + ", before " + before);
        ok(MachineIdNative.status(ours));
        ok(MachineIdNative.close(ours));
    }

    /** Opens an engine in a class loader that nobody holds on to. */
    private static void abandon() throws Exception {
        Path copy = Files.copy(LIBRARY, WORK.resolve("other.so"));
        try (URLClassLoader loader = isolated()) {
            Class<?> other = loader.loadClass(Loader.class.getName());
            other.getMethod("load", String.class).invoke(null, copy.toString());
            long before = Process.countOurs();
            long engine = opened((byte[]) other.getMethod("open", byte[].class).invoke(null, nowhere()));
            for (int i = 0; i < 200 && Process.countOurs() <= before; i++) {
                Thread.sleep(10); // a thread names itself
            }
            require(Process.countOurs() > before, "no threads of its own");
            code("handle_invalid", MachineIdNative.status(engine));
        }
    }

    private static void rounds() throws Exception {
        byte[] config = nowhere();
        Rounds.run("open, status, release, close", Integer.getInteger("rounds"), number -> round(config));
    }

    private static void round(byte[] config) {
        long engine = opened(MachineIdNative.open(config));
        ok(MachineIdNative.status(engine));
        ok(MachineIdNative.release(engine, bytes(lease(4))), "false");
        ok(MachineIdNative.close(engine));
    }
}
