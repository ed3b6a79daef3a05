package io.jenkins.plugins.machineid.agent;

import static io.jenkins.plugins.machineid.agent.Checks.bytes;
import static io.jenkins.plugins.machineid.agent.Checks.code;
import static io.jenkins.plugins.machineid.agent.Checks.config;
import static io.jenkins.plugins.machineid.agent.Checks.lease;
import static io.jenkins.plugins.machineid.agent.Checks.ok;
import static io.jenkins.plugins.machineid.agent.Checks.opened;
import static io.jenkins.plugins.machineid.agent.Checks.order;
import static io.jenkins.plugins.machineid.agent.Checks.require;

import java.nio.file.Files;
import java.nio.file.Path;

/** From Test connection to close against a cluster; properties: proxy, token, ca (PEM file), helper, cold. */
final class HappyPath {
    /** Of the heap's and the compiler's noise; a leak of 1 kB a round would be more in 10,000. */
    private static final long TOLERATED_KB = 6 << 10;

    /** Two workers, and at most eight for files and name look-ups, which end when idle. */
    private static final long MOST_THREADS = 10;

    private HappyPath() {}

    static void run() throws Exception {
        Path work = Path.of(System.getProperty("work"));
        Path helper = Path.of(System.getProperty("helper"));
        String ca = Files.readString(Path.of(System.getProperty("ca")));
        String proxy = System.getProperty("proxy");
        byte[] config = config(work.resolve("agent"), helper, proxy, System.getProperty("token"), ca);

        ok(MachineIdNative.check(config), "\"identity\":\"new\"");
        long engine = opened(MachineIdNative.open(config));
        Path directory = work.resolve("lease");
        ok(MachineIdNative.acquire(engine, order(lease(10), directory, false)), "\"MACHINE_ID_SSH_CONFIG\"");
        for (String name : new String[] {"identity", "key", "key-cert.pub", "ssh_config", "known_hosts", "machine-id"}) {
            require(Files.exists(directory.resolve(name)), "no " + name);
        }
        code("lease_conflict", MachineIdNative.acquire(engine, order(lease(10), directory, false)));
        ok(MachineIdNative.status(engine), "\"state\":\"ready\"");
        ok(MachineIdNative.renew(engine, bytes("api")), "\"generation\":2");
        ok(MachineIdNative.release(engine, bytes(lease(10))), "true");
        require(!Files.exists(directory), "the lease's directory is left");
        warm(engine, directory, Integer.getInteger("rounds", 10_000));
        ok(MachineIdNative.close(engine));
        cold(config, directory, Integer.getInteger("cold", 10_000));
    }

    private static void warm(long engine, Path directory, int rounds) throws Exception {
        for (int i = 0; i < rounds / 5; i++) {
            lend(engine, directory, 1_000 + i);
        }
        Process before = JniTest.settled();
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            lend(engine, directory, 1_000_000 + i);
        }
        double micros = (System.nanoTime() - start) / 1e3 / rounds;
        report(rounds + " rounds of acquire, release with one engine", micros, before, JniTest.settled());
    }

    private static void cold(byte[] config, Path directory, int rounds) throws Exception {
        for (int i = 0; i < rounds / 5; i++) {
            visit(config, directory, 2_000_000 + i);
        }
        Process before = JniTest.settled();
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            visit(config, directory, 3_000_000 + i);
        }
        double micros = (System.nanoTime() - start) / 1e3 / rounds;
        report(rounds + " rounds of open, acquire, release, close", micros, before, JniTest.settled());
    }

    private static void visit(byte[] config, Path directory, long number) {
        long engine = opened(MachineIdNative.open(config));
        lend(engine, directory, number);
        ok(MachineIdNative.close(engine));
    }

    private static void lend(long engine, Path directory, long number) {
        ok(MachineIdNative.acquire(engine, order(lease(number), directory, false)));
        ok(MachineIdNative.release(engine, bytes(lease(number))), "true");
    }

    static void report(String what, double micros, Process before, Process after) {
        System.out.printf("     %s, %.0f µs each%n     before: %s%n     after:  %s%n", what, micros, before, after);
        require(after.threads() <= before.threads(), "more threads than before");
        require(after.ours() <= MOST_THREADS, "too many threads of the library");
        require(after.descriptors() <= before.descriptors(), "more file descriptors than before");
        require(after.rssKb() <= before.rssKb() + TOLERATED_KB, "more memory than before");
    }
}
