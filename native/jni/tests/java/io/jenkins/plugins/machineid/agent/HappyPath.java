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
    private HappyPath() {}

    static void run() throws Exception {
        Path work = Path.of(System.getProperty("work"));
        Path helper = Path.of(System.getProperty("helper"));
        String ca = Files.readString(Path.of(System.getProperty("ca")));
        String proxy = System.getProperty("proxy");
        byte[] config = config(work.resolve("agent"), helper, proxy, System.getProperty("token"), ca);

        ok(MachineIdNative.check(config(work.resolve("agent"), helper, proxy, null, ca)), "\"identity\":\"new\"");
        code("config_invalid", MachineIdNative.check(config));
        long engine = opened(MachineIdNative.open(config));
        Path directory = work.resolve("lease");
        ok(MachineIdNative.acquire(engine, order(lease(10), directory, false)), "\"certificates_dropped\":0");
        for (String name : new String[] {"identity", "key", "key-cert.pub", "ssh_config", "known_hosts", "machine-id"}) {
            require(Files.exists(directory.resolve(name)), "no " + name);
        }
        // The connection to whoever asks may have been lost: the same once more is no conflict, another one is.
        ok(MachineIdNative.acquire(engine, order(lease(10), directory, false)), "\"certificates_dropped\":0");
        code("lease_conflict", MachineIdNative.acquire(engine, order(lease(11), directory, false)));
        ok(MachineIdNative.status(engine), "\"state\":\"ready\"");
        ok(MachineIdNative.renew(engine, bytes("api")), "\"generation\":2");
        ok(MachineIdNative.release(engine, bytes(lease(10))), "true");
        require(!Files.exists(directory), "the lease's directory is left");
        Rounds.run("acquire, release with one engine", Integer.getInteger("rounds"), n -> lend(engine, directory, n));
        ok(MachineIdNative.close(engine));
        Rounds.run("open, acquire, release, close", Integer.getInteger("cold"), n -> visit(config, directory, n));
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
}
