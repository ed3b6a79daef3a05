// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Judged;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.config.StandingDestination;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Standing destinations for whose agent the controller vouches, and those who would have that of another agent. */
class AgentScopeAttackTest {
    private static final Duration PAUSE = Renewal.leastPause;
    private static final AtomicInteger AGENTS = new AtomicInteger();

    private final Answers.Box box = new Answers.Box();
    private final List<String> statements = new CopyOnWriteArrayList<>();
    private final AtomicInteger releases = new AtomicInteger();
    private volatile long life = Blocks.TTL;
    private volatile String roles = Blocks.ROLE;
    /** Of each test another one: visits are planned by name, and come after the test. */
    private final FakeAgent agent = agent("a-standing-" + AGENTS.incrementAndGet());

    private FakeAgent agent(String name) {
        FakeAgent made = new FakeAgent(name, new FakeChannel(this::answer));
        made.labels = "linux api";
        MachineIdNodeProperty property = new MachineIdNodeProperty();
        property.setIdentities(List.of(new Binding("api")));
        property.setStanding(new StandingDestination("/opt/machine-id"));
        made.property = property;
        return made;
    }

    private Object answer(Object task) {
        if (task instanceof KeyTask) {
            return box.key();
        }
        if (!(task instanceof AcquireTask acquire)) {
            releases.addAndGet(task instanceof ReleaseTask ? 1 : 0);
            return Answers.of(Blocks.ok(new JSONObject().put("released", true).put("directory", "kept")));
        }
        statements.add(box.statement(acquire));
        Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(life);
        JSONObject certificate =
                Blocks.certificate().put("valid_until", end.toString()).put("roles", new JSONArray(List.of(roles)));
        return Answers.of(Blocks.ok(Blocks.acquired(certificate).put("expires_at", end.toString())));
    }

    @BeforeEach
    void configure() {
        Renewal.leastPause = Duration.ofMillis(500);
        configure("agent");
    }

    private static Identity configure(String scope) {
        Blocks.configure("team-a/**");
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        join.setForm("gitlab");
        join.setScope(scope);
        Identity identity = MachineIdConfiguration.get().identity("api");
        identity.setJoin(join);
        MachineIdConfiguration.get().setIdentities(List.of(identity));
        Blocks.moveTo("agents.example.com");
        return identity;
    }

    @AfterEach
    void delete() {
        agent.delete();
        Judged.deleted(agent);
        Standing.nodeDeleted(agent.getNodeName());
        Renewal.leastPause = PAUSE;
        Blocks.configure("team-a/**");
    }

    private static JSONObject claims(String statement) {
        String payload = statement.split("\\.")[1];
        return new JSONObject(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8));
    }

    private String keep() throws Exception {
        return Standing.keep(agent.computer());
    }

    @Test
    void a25AStandingDestinationsStatementIsAboutItsAgentAlone() throws Exception {
        assertNotNull(keep());
        JSONObject claims = claims(statements.get(0));
        assertEquals("%agent/" + agent.getNodeName(), claims.getString("project_path"));
        assertEquals("agent:api", claims.getString("environment"));
        assertEquals("+api+linux+", claims.getString("ref"));
        assertEquals("agents.example.com", claims.getString("aud"));
        // Nothing is asked again before it is due.
        assertNull(keep());
        assertEquals(1, statements.size());
    }

    @Test
    void itIsRenewedInItsPlaceWithAFreshStatement() throws Exception {
        life = 3;
        keep();
        int before = releases.get();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (statements.size() < 2) {
            assertTrue(System.nanoTime() < end);
            Thread.sleep(20);
        }
        assertEquals(before, releases.get(), "what is there serves on");
        assertNotEquals(claims(statements.get(0)).getString("jti"), claims(statements.get(1)).getString("jti"));
    }

    /** It is named like one that counts, or pointed to another machine, by somebody who may only configure agents. */
    @Test
    void a05AnAgentThatTookANameIsNotStated() throws Exception {
        Judged.named(agent, false);
        AbortException why = assertThrows(AbortException.class, this::keep);
        assertTrue(why.getMessage().contains("[policy_node]"), why.getMessage());
        assertEquals(0, statements.size());
        Judged.named(agent, true);
    }

    @Test
    void a05AnAgentThatIsRenamedMeanwhileIsStatedNoMore() throws Exception {
        life = 3;
        keep();
        Judged.named(agent, false);
        int before = releases.get();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        // When it would have been renewed.
        while (releases.get() == before) {
            assertTrue(System.nanoTime() < end, "what it held is let go");
            Thread.sleep(20);
        }
        assertThrows(AbortException.class, this::keep);
        assertEquals(1, statements.size());
    }

    /** A label alone, or nothing, would let whoever creates an agent choose the name that the cluster is told. */
    @Test
    void a05AnIdentityThatStatesAgentsIsNotForAnyAgent() {
        Identity identity = new Identity("api", "main");
        identity.setJoin(MachineIdConfiguration.get().identity("api").getJoin());
        identity.setAgentsBy("any");
        IllegalArgumentException why = assertThrows(
                IllegalArgumentException.class, () -> MachineIdConfiguration.get().setIdentities(List.of(identity)));
        assertTrue(why.getMessage().contains("scope agent"), why.getMessage());
    }

    @Test
    void a25ABlockHasNothingOfAnIdentityThatStatesAgents() {
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "scope#1"));
        AbortException why =
                assertThrows(AbortException.class, () -> block.session.acquire(block.run, block.listener(), false));
        assertTrue(why.getMessage().contains("[agent_scope]"), why.getMessage());
        assertEquals(0, statements.size());
    }

    @Test
    void aStandingDestinationHasNothingOfAnIdentityThatStatesBuilds() {
        configure("build");
        AbortException why = assertThrows(AbortException.class, this::keep);
        assertTrue(why.getMessage().contains("[standing_statement]"), why.getMessage());
        assertEquals(0, statements.size());
    }

    /** It comes and goes all the time, so that it is asked to join each time. */
    @Test
    void a25AnAgentThatComesAndGoesGetsNoFlood() throws Exception {
        Renewal.leastPause = PAUSE;
        for (int n = 0; n < 20; n++) {
            keep();
            Standing.agentLost(agent.getNodeName());
        }
        assertEquals(1, statements.size());
    }

    /** What an agent shows isn't what was granted: nothing more is stated until the pause is over, and nothing is held. */
    @Test
    void aRenewalThatBringsSomethingElseIsLetGo() throws Exception {
        life = 3;
        keep();
        roles = "admins";
        int before = releases.get();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (Standing.holds(agent.getNodeName(), Standing.lease(agent.getNodeName(), "/opt/machine-id"))) {
            assertTrue(System.nanoTime() < end);
            Thread.sleep(20);
        }
        assertTrue(releases.get() > before);
    }
}
