// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.machineid.Reported;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.output.Database;
import io.jenkins.plugins.machineid.output.Tunnels;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.json.JSONArray;
import org.json.JSONObject;

/** Blocks of builds, and what honest agents say of their leases. */
final class Blocks {
    static final String ROLE = Reported.ROLE;
    static final long TTL = Reported.TTL;
    private static final Random RANDOM = new Random(7);

    private Blocks() {}

    /** One identity that allows these jobs on any agent. */
    static void configure(String... jobs) {
        Identity identity = new Identity("api", "main");
        identity.setRoles(List.of(ROLE));
        identity.setAllowedJobs(List.of(jobs));
        identity.setAllowedAgents(List.of("a*"));
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("main", "teleport.example.com")));
        MachineIdConfiguration.get().setIdentities(List.of(identity));
    }

    /** The cluster is at another address, where nobody else waits for a turn to join. */
    static void moveTo(String address) {
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("main", address)));
    }

    static LeaseSession session(FakeAgent agent, FakeRun run) {
        return session(agent, run, List.of(ROLE));
    }

    /** @param roles empty: granted was whatever the bot may take */
    private static LeaseSession session(FakeAgent agent, FakeRun run, List<String> roles) {
        return session(agent, run, "api", roles);
    }

    private static LeaseSession session(FakeAgent agent, FakeRun run, String identity, List<String> roles) {
        return session(
                agent, run, identity, roles, new LeaseOptions("api", null, null, List.of("prod"), null, null, null));
    }

    private static LeaseSession session(
            FakeAgent agent, FakeRun run, String identity, List<String> roles, LeaseOptions options) {
        byte[] id = new byte[16];
        RANDOM.nextBytes(id);
        return new LeaseSession(
                HexFormat.of().formatHex(id),
                agent.computer(),
                run,
                "/home/jenkins/workspace/job@tmp",
                new LeaseRequest(new Grant(identity, roles, TTL), options));
    }

    /** A block that runs. */
    static final class Block implements ActiveLeases.Holder {
        final LeaseSession session;
        final FakeRun run;
        final ByteArrayOutputStream console = new ByteArrayOutputStream();
        final CompletableFuture<AbortException> refusal = new CompletableFuture<>();
        /** How the release went that follows a refusal. */
        final CompletableFuture<Released> released = new CompletableFuture<>();

        Block(FakeAgent agent, FakeRun run) {
            this(agent, run, List.of(ROLE));
        }

        Block(FakeAgent agent, FakeRun run, List<String> roles) {
            this(agent, run, "api", roles);
        }

        Block(FakeAgent agent, FakeRun run, String identity, List<String> roles) {
            this(Blocks.session(agent, run, identity, roles), run);
        }

        private Block(LeaseSession session, FakeRun run) {
            this.session = session;
            this.run = run;
            ActiveLeases.get().add(this, false);
        }

        /** One with a database. */
        static Block withDatabase(FakeAgent agent, FakeRun run) {
            List<Map<String, Object>> tunnels = Tunnels.requests(List.of(new Database("orders", "ci", "orders")), null, true);
            LeaseOptions options = new LeaseOptions("api", null, null, null, null, tunnels, null, null);
            return new Block(Blocks.session(agent, run, "api", List.of(ROLE), options), run);
        }

        /** What its console was told; nothing afterwards. */
        List<String> told() {
            List<String> lines = console.toString(StandardCharsets.UTF_8).lines().toList();
            console.reset();
            return lines;
        }

        @Override
        public LeaseSession session() {
            return session;
        }

        @Override
        public Run<?, ?> run() {
            return run;
        }

        @Override
        public TaskListener listener() {
            return () -> new PrintStream(console, true, StandardCharsets.UTF_8);
        }

        @Override
        public void refused(AbortException why) {
            refusal.complete(why);
            session.release().thenAccept(released::complete);
        }
    }

    static JSONObject certificate() {
        return Reported.certificate();
    }

    static JSONObject acquired(JSONObject... certificates) {
        return new JSONObject()
                .put("expires_at", Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(TTL).toString())
                .put("certificates", new JSONArray(List.of(certificates)))
                .put("certificates_dropped", 0);
    }

    static String ok(JSONObject content) {
        return new JSONObject().put("ok", content).toString();
    }

    static Reply reply(JSONObject content) throws NativeFailure {
        return Reply.read(ok(content).getBytes(StandardCharsets.UTF_8));
    }
}
