// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.FakeCredentials;
import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.issuer.GivenKeys;
import io.jenkins.plugins.machineid.issuer.IssuerConfiguration;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Leases for which the controller states who the build is, also with agents and jobs that would have more of it. */
class StatementAttackTest {
    private static final Duration PAUSE = Renewal.leastPause;

    private final Answers.Box box = new Answers.Box();
    private final List<String> statements = new CopyOnWriteArrayList<>();
    private volatile long life = Blocks.TTL;
    /** When the agent says that the lease ends, if it doesn't tell the truth. */
    private volatile long says;
    private volatile String refusal;
    /** The agent goes away when it has its statement. */
    private volatile boolean leave;
    /** How many leases the agent waits for before it answers any; null: it answers at once. */
    private volatile CountDownLatch together;
    private final FakeChannel channel = new FakeChannel(this::answer);
    private final FakeAgent agent = new FakeAgent("a-flow", channel);

    private Object answer(Object task) throws Exception {
        if (task instanceof KeyTask) {
            return box.key();
        }
        if (!(task instanceof AcquireTask acquire)) {
            return Answers.of(Blocks.ok(new JSONObject().put("released", true).put("directory", "removed")));
        }
        statements.add(box.statement(acquire));
        if (leave) {
            throw FakeChannel.gone();
        }
        if (refusal != null && statements.size() > 1) {
            return Answers.of(refusal);
        }
        Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(life);
        JSONObject certificate = Blocks.certificate().put("valid_until", end.toString());
        Object answer = Answers.of(Blocks.ok(Blocks.acquired(certificate).put("expires_at", end.plusSeconds(says).toString())));
        CountDownLatch all = together;
        return all == null ? answer : CompletableFuture.supplyAsync(() -> met(all, answer), work -> new Thread(work).start());
    }

    /** What comes alone waits in vain, for a while. */
    private static Object met(CountDownLatch all, Object answer) {
        all.countDown();
        try {
            return all.await(10, TimeUnit.SECONDS) ? answer : null;
        } catch (InterruptedException e) {
            return null;
        }
    }

    @BeforeEach
    void configure() {
        Renewal.leastPause = Duration.ofMillis(500);
        configure("team-a/**");
    }

    private static void configure(String jobs) {
        Blocks.configure(jobs);
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        join.setForm("gitlab");
        Identity identity = MachineIdConfiguration.get().identity("api");
        identity.setJoin(join);
        MachineIdConfiguration.get().setIdentities(List.of(identity));
    }

    @AfterEach
    void delete() {
        agent.delete();
        ActiveLeases.get().dropGone();
        Renewal.leastPause = PAUSE;
        Blocks.configure("team-a/**");
    }

    private static JSONObject claims(String statement) {
        String payload = statement.split("\\.")[1];
        return new JSONObject(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8));
    }

    private Blocks.Block taken(String id) throws Exception {
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", id));
        block.session.acquire(block.run, block.listener(), false);
        return block;
    }

    private void awaitStatements(int number) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (statements.size() < number && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        assertTrue(statements.size() >= number, statements.size() + " statements");
    }

    @Test
    void a25TheStatementIsAboutThisBuildForThisIdentityAndCluster() throws Exception {
        Blocks.Block block = taken("flow#1");
        JSONObject claims = claims(statements.get(0));
        assertEquals("team-a/deploy", claims.getString("project_path"));
        assertEquals("teleport.example.com", claims.getString("aud"));
        assertEquals("api", claims.getString("environment"));
        assertEquals(360, claims.getLong("exp") - claims.getLong("iat"));
        block.session.releaseNow(block.run);
    }

    /** What crosses the channel, and may stand in a trace or a dump of it, has nothing of the statement. */
    @Test
    void a25TheStatementTravelsSealed() throws Exception {
        Blocks.Block block = taken("flow#2");
        for (Object task : channel.tasks) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(task);
            }
            String wire = bytes.toString(StandardCharsets.ISO_8859_1);
            for (String part : statements.get(0).split("\\.")) {
                assertFalse(wire.contains(part), task.getClass().getSimpleName());
            }
        }
        block.session.releaseNow(block.run);
    }

    /** What may join together has the same stated about it: no other build, and no other agent. */
    @Test
    void a25OnlyBlocksOfOneBuildMayShareAJoin() throws Exception {
        FakeAgent other = new FakeAgent("a-other", channel);
        FakeRun one = new FakeRun("team-a/deploy", "share#1");
        FakeRun two = new FakeRun("team-a/deploy", "share#2");
        List<Blocks.Block> blocks = new ArrayList<>();
        for (Blocks.Block block : List.of(
                new Blocks.Block(agent, one), new Blocks.Block(agent, one), new Blocks.Block(agent, two), new Blocks.Block(other, one))) {
            block.session.acquire(block.run, block.listener(), false);
            blocks.add(block);
        }
        List<String> shares = channel.tasks.stream()
                .filter(AcquireTask.class::isInstance)
                .map(task -> new JSONObject(Answers.request((AcquireTask) task)).getString("share"))
                .toList();
        assertEquals(shares.get(0), shares.get(1));
        assertEquals(3, shares.stream().distinct().count());
        blocks.forEach(block -> block.session.releaseNow(block.run));
        other.delete();
    }

    @Test
    void aLongBlockIsRenewedWithAFreshStatement() throws Exception {
        life = 3;
        Blocks.Block block = taken("flow#3");
        awaitStatements(2);
        assertNotEquals(
                claims(statements.get(0)).getString("jti"), claims(statements.get(1)).getString("jti"));
        block.session.releaseNow(block.run);
        assertFalse(block.refusal.isDone());
        // Nothing is signed for a block that is over: when the next one is renewed, it would have been.
        int held = statements.size();
        Blocks.Block next = new Blocks.Block(agent, new FakeRun("team-a/next", "flow#next"));
        next.session.acquire(next.run, next.listener(), false);
        awaitStatements(held + 2);
        assertFalse(block.session.isDue(block.run));
        next.session.releaseNow(next.run);
        assertTrue(statements.stream().skip(held).allMatch(each -> claims(each).getString("project_path").equals("team-a/next")));
    }

    /** Each takes a while: one after the other the last would come when its certificates have ended. */
    @Test
    void leasesOfOneAgentAreTakenAgainBesideEachOther() throws Exception {
        Blocks.moveTo("many.example.com");
        Renewal.leastPause = Duration.ZERO;
        List<Blocks.Block> blocks = new ArrayList<>();
        for (int n = 0; n < 6; n++) {
            blocks.add(taken("many#" + n));
        }
        together = new CountDownLatch(6);
        ActiveLeases.get().agentLost("a-flow");
        ActiveLeases.get().refresh("a-flow");
        assertEquals(12, statements.size());
        assertEquals(0, together.getCount(), "one after the other");
        blocks.forEach(block -> block.session.releaseNow(block.run));
    }

    @Test
    void aRenewalThatFailsIsToldAndTheBlockGoesOn() throws Exception {
        life = 3;
        refusal = "{\"error\":{\"code\":\"join_rejected\",\"message\":\"no rule fits\",\"hint\":\"\",\"retry\":\"no\"}}";
        Blocks.Block block = taken("flow#4");
        awaitStatements(2);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (block.console.size() == 0 || !block.console.toString(StandardCharsets.UTF_8).contains("no rule fits")) {
            assertTrue(System.nanoTime() < end, block.console.toString(StandardCharsets.UTF_8));
            Thread.sleep(20);
        }
        assertFalse(block.refusal.isDone());
        block.session.releaseNow(block.run);
    }

    @Test
    void a25WhatThePolicyNoLongerAllowsIsNotStated() throws Exception {
        life = 3;
        Blocks.Block block = taken("flow#5");
        configure("team-b/**");
        AbortException why = block.refusal.get(20, TimeUnit.SECONDS);
        assertTrue(why.getMessage().contains("[policy_job]"), why.getMessage());
        assertEquals(1, statements.size());
    }

    /** An agent that answers with a key of its own making gets nothing that it couldn't have read anyway. */
    @Test
    void a25AnAgentWithoutAKeyGetsNoStatement() {
        FakeChannel foreign = new FakeChannel(task -> Answers.raw(null, new byte[] {1, 2, 3}));
        FakeAgent hostile = new FakeAgent("a-hostile", foreign);
        Blocks.Block block = new Blocks.Block(hostile, new FakeRun("team-a/deploy", "flow#6"));
        assertThrows(AbortException.class, () -> block.session.acquire(block.run, block.listener(), false));
        assertTrue(foreign.tasks.stream().anyMatch(KeyTask.class::isInstance));
        assertFalse(foreign.tasks.stream().anyMatch(AcquireTask.class::isInstance));
        hostile.delete();
        ActiveLeases.get().dropGone();
    }

    /** An agent says itself when its certificates end. */
    @Test
    void a25AnAgentWhoseCertificatesHaveAlwaysEndedGetsNoFlood() throws Exception {
        Renewal.leastPause = PAUSE;
        says = -100;
        Blocks.Block block = taken("flow#7");
        for (int n = 0; n < 20; n++) {
            ActiveLeases.get().refresh("a-flow");
        }
        assertEquals(1, statements.size());
        block.session.releaseNow(block.run);
    }

    /** An agent whose connection comes and goes all the time has its blocks taken again each time. */
    @Test
    void a25ABlocksAgentThatComesAndGoesGetsNoFlood() throws Exception {
        Renewal.leastPause = PAUSE;
        Blocks.moveTo("flood.example.com");
        Blocks.Block block = taken("flow#13");
        for (int n = 0; n < 20; n++) {
            ActiveLeases.get().agentLost("a-flow");
            ActiveLeases.get().refresh("a-flow");
        }
        assertEquals(1, statements.size());
        block.session.releaseNow(block.run);
    }

    /** It reads its statement and is gone before it answers; the block is set up again when it is back. */
    @Test
    void a25AnAgentThatGoesAwayInEachSetUpGetsNoFlood() {
        Blocks.moveTo("gone.example.com");
        leave = true;
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "flow#14"));
        agent.online = true;
        assertTrue(block.session.mayTryAgain());
        Renewal.leastPause = PAUSE;
        assertThrows(AgentGone.class, () -> block.session.acquire(block.run, block.listener(), false));
        assertEquals(1, statements.size());
        assertFalse(block.session.mayTryAgain());
        Renewal.leastPause = Duration.ZERO;
        assertTrue(block.session.mayTryAgain());
        agent.online = false;
        assertFalse(block.session.mayTryAgain());
    }

    /** As after a restart of the controller: all blocks join once more, and each waits for its turn. */
    @Test
    void a25AGreedyJobHoldsUpNoBlockThatJoinsOnceMore() throws Exception {
        Blocks.Block block = taken("flow#8");
        String address = "teleport.example.com";
        List<CompletableFuture<Void>> others = IntStream.range(0, 400)
                .mapToObj(n -> JoinQueue.of(address).enter("team-c/greedy", false))
                .toList();
        ActiveLeases.get().agentLost("a-flow");
        ActiveLeases.get().refresh("a-flow");
        assertEquals(1, statements.size());
        // It comes by itself, and long before those that were there first.
        awaitStatements(2);
        assertFalse(others.get(399).isDone());
        others.forEach(place -> place.cancel(true));
        block.session.releaseNow(block.run);
    }

    /** Between the first question to the policy and the join there may be a long queue. */
    @Test
    void a25WhatThePolicyForbidsWhileABlockWaitsIsNotStated() {
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "flow#9"));
        configure("team-b/**");
        AbortException why = assertThrows(
                AbortException.class, () -> block.session.acquire(block.run, block.listener(), false));
        assertTrue(why.getMessage().contains("[policy_job]"), why.getMessage());
        assertEquals(0, statements.size());
    }

    /** It was due, and has waited behind others of its agent: meanwhile the block was given back, or is being so. */
    @Test
    void a25NothingIsSignedForABlockThatIsOver() throws Exception {
        Blocks.Block block = taken("flow#10");
        channel.tasks.clear();
        block.session.release(5).join();
        AbortException why = assertThrows(AbortException.class, () -> block.session.renew(block.run));
        assertTrue(why.getMessage().contains("[block_over]"), why.getMessage());
        assertThrows(AbortException.class, () -> block.session.acquire(block.run, block.listener(), true));
        assertEquals(1, statements.size());
    }

    /** Whoever configures the agent lets it be another machine while the key's store takes its time. */
    @Test
    void a05AMachineThatComesAfterThePolicyWasAskedGetsNoStatement() throws Exception {
        List<Object> seen = new CopyOnWriteArrayList<>();
        FakeChannel other = new FakeChannel(task -> {
            seen.add(task);
            return answer(task);
        });
        String pem = GivenKeys.pem();
        FakeCredentials.store(
                FakeCredentials.text("signing", () -> {
                    agent.channel = other;
                    return pem;
                }));
        IssuerConfiguration.get().setCredentialsId("signing");
        try {
            agent.channel = channel;
            Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "flow#11"));
            block.session.acquire(block.run, block.listener(), false);
            assertEquals(other, agent.channel);
            assertTrue(seen.stream().noneMatch(AcquireTask.class::isInstance), seen.toString());
            block.session.releaseNow(block.run);
        } finally {
            IssuerConfiguration.get().setCredentialsId(null);
            FakeCredentials.store();
        }
    }

    /** It was moved between the policy's answer and the signature. */
    @Test
    void a25AStatementNamesNoJobThatThePolicyWasNotAskedAbout() throws Exception {
        Settings settings = MachineIdConfiguration.get().settings();
        AbortException why = assertThrows(
                AbortException.class,
                () -> LeaseStatement.ofBuild(settings, "api", new FakeRun("team-b/deploy", "moved#1"), agent));
        assertTrue(why.getMessage().contains("[policy_job]"), why.getMessage());
    }

    /** A job was renamed, and a new one of its old name has a build of the same number. */
    @Test
    void a25ABuildOfANewJobOfAnOldNameSharesNoJoin() throws Exception {
        List<String> shares = new ArrayList<>();
        for (String job : List.of("team-a/deploy", "team-a/renamed")) {
            Blocks.Block block = new Blocks.Block(agent, new FakeRun(job, "team-a/deploy#1"));
            channel.tasks.clear();
            block.session.acquire(block.run, block.listener(), false);
            channel.tasks.stream()
                    .filter(AcquireTask.class::isInstance)
                    .forEach(task -> shares.add(new JSONObject(Answers.request((AcquireTask) task)).getString("share")));
            block.session.releaseNow(block.run);
        }
        assertEquals(2, shares.stream().distinct().count(), shares.toString());
    }

    /** Kinds of work that wait for agents: 31 that are silent leave threads to others. */
    @Test
    void a10ThirtyOneSilentAgentsLeaveThreadsForRenewalsToo() throws Exception {
        int silent = 31;
        CompletableFuture<Void> end = new CompletableFuture<>();
        CompletableFuture<Void> others = new CompletableFuture<>();
        for (int n = 0; n < silent * AgentWork.Kind.AGAIN.threadsPerAgent; n++) {
            AgentWork.submit(AgentWork.Kind.AGAIN, "a-silent-" + n % silent, end::join);
        }
        AgentWork.submit(AgentWork.Kind.AGAIN, "a-flow", () -> others.complete(null));
        try {
            others.get(5, TimeUnit.SECONDS);
        } finally {
            end.complete(null);
        }
    }

    /** Each folder that is saved asks for one: whoever makes rounds last holds up no block's end. */
    @Test
    void a14RoundsOfThePolicyThatLastHoldUpNoBlocksEnd() throws Exception {
        Blocks.Block block = taken("flow#12");
        CompletableFuture<Void> end = new CompletableFuture<>();
        CompletableFuture<String> asking = new CompletableFuture<>();
        ActiveLeases.get().add(new ActiveLeases.Holder() {
            @Override
            public LeaseSession session() {
                return block.session;
            }

            @Override
            public Run<?, ?> run() {
                asking.complete(Thread.currentThread().getName());
                end.join();
                return block.run;
            }

            @Override
            public TaskListener listener() {
                return block.listener();
            }

            @Override
            public void refused(AbortException why) {
                block.refused(why);
            }
        }, false);
        CompletableFuture<Void> told = new CompletableFuture<>();
        try {
            for (int n = 0; n < 8; n++) {
                Maintenance.recheckSoon();
            }
            // Each round on this thread, and on no other one.
            String thread = asking.get(20, TimeUnit.SECONDS);
            assertTrue(thread.startsWith(AgentWork.THREADS + "policy-"), thread);
            AgentWork.submit(AgentWork.Kind.LOCAL, "", () -> told.complete(null));
            told.get(5, TimeUnit.SECONDS);
        } finally {
            end.complete(null);
        }
        block.session.releaseNow(block.run);
    }

    /** An agent takes a statement, joins with it by itself, and answers with a fault, or not at all. */
    @Test
    void a13AStatementIsInTheRecordWhateverItsAgentAnswers() throws Exception {
        for (String id : List.of("deploy#8", "deploy#9")) {
            statements.clear();
            statements.add("");
            leave = id.equals("deploy#9");
            refusal = "{\"error\":{\"code\":\"join_rejected\",\"message\":\"no rule fits\",\"hint\":\"\",\"retry\":\"no\"}}";
            Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", id));
            assertThrows(IOException.class, () -> block.session.acquire(block.run, block.listener(), false));
            String jti = claims(statements.get(1)).getString("jti");
            assertEquals(jti, MachineIdAction.of(block.run).getLeases().get(0).getStatement());
        }
    }

    /** What the cluster's audit log names a statement by is in the build's record, and the console says how it joined. */
    @Test
    void the_record_has_the_statements_id_and_the_console_says_who_signed() throws Exception {
        Blocks.Block block = taken("deploy#7");
        String id = claims(statements.get(0)).getString("jti");
        assertEquals(id, MachineIdAction.of(block.run).getLeases().get(0).getStatement());
        String console = block.console.toString(StandardCharsets.UTF_8);
        assertTrue(console.contains(", on agent a-flow, signed by this Jenkins"), console);
        block.session.releaseNow(block.run);
    }
}
