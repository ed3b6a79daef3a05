// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.StatusTask;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An agent is asked how it stands. */
class LookTest {
    private Object answer;
    private final FakeChannel channel = new FakeChannel(task -> task instanceof StatusTask asked && answer instanceof String text
            ? Answers.status(asked, text)
            : task instanceof StatusTask ? answer : Answers.of(Blocks.ok(new JSONObject().put("dropped", true))));
    private final FakeAgent agent = new FakeAgent("a-look", channel);
    private final Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "look#1"));

    @BeforeEach
    void configure() {
        Blocks.configure("team-a/**");
        agent.online = true;
    }

    @AfterEach
    void delete() {
        ActiveLeases.get().remove(block.session.lease());
        AgentReports.get().forget("a-look");
        agent.delete();
    }

    private String status(JSONObject certificate) {
        JSONObject lease = Blocks.acquired(certificate)
                .put("lease", block.session.lease())
                .put("identity", "api")
                .put("usable", true)
                .put("problem", "");
        return Blocks.ok(new JSONObject().put("leases", new JSONArray(List.of(lease))));
    }

    /** It tells what is new once: whoever asks has to note it, also for a page. */
    @Test
    void what_an_agent_tells_after_an_action_is_looked_at_as_in_a_round() throws Exception {
        answer = status(Blocks.certificate().put("roles", new JSONArray(List.of("admin"))));
        OnDemand.renew("a-look", "api");
        assertTrue(block.refusal.isDone(), "a certificate that wasn't granted was passed over");
        assertTrue(block.refusal.get().getMessage().contains("admin"), block.refusal.get().getMessage());
    }

    private AgentReport asked() throws IOException, InterruptedException {
        assertThrows(AbortException.class, () -> AgentLink.to(agent.computer()).status());
        return AgentReports.get().of("a-look").orElseThrow();
    }

    @Test
    void an_answer_that_can_not_be_used_is_none() throws Exception {
        answer = status(Blocks.certificate());
        AgentLink.to(agent.computer()).status();
        answer = Answers.of("{}");
        AgentReport silent = asked();
        assertTrue(silent.silence().whole() && silent.heardAt() != null, silent.toString());
        // One engine's error isn't the others'.
        answer = Answers.status(status(Blocks.certificate()), "{\"error\":{\"code\":\"internal\",\"message\":\"broken store\"}}");
        AgentLink.to(agent.computer()).status();
        AgentReport part = AgentReports.get().of("a-look").orElseThrow();
        assertFalse(part.silence().whole());
        assertTrue(part.silence().why().contains("broken store"), part.silence().why());
        assertEquals(1, part.leases().size());
    }

    @Test
    void an_agent_that_comes_online_is_asked_anew() throws Exception {
        answer = Blocks.ok(new JSONObject());
        AgentLink.to(agent.computer()).status();
        assertFalse(AgentReports.get().isDue("a-look", false, Instant.now()));
        AgentReports.get().touched("a-look");
        AgentLink.to(agent.computer()).status();
        channel.tasks.clear();
        new AgentListener().onOnline(agent.computer(), null);
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (channel.tasks.stream().noneMatch(StatusTask.class::isInstance) && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertTrue(channel.tasks.stream().anyMatch(StatusTask.class::isInstance), "it wasn't asked");
    }

    /** A pool that is full holds them where no agent's own queue is. */
    @Test
    void work_that_waits_for_a_thread_of_the_pool_is_counted() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        int before = AgentWork.queued(AgentWork.Kind.LOCAL);
        try {
            for (int i = 0; i < 20; i++) {
                AgentWork.submit(AgentWork.Kind.LOCAL, "pool-" + i, () -> {
                    try {
                        end.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
            }
            assertTrue(AgentWork.queued(AgentWork.Kind.LOCAL) - before >= 16, "queued " + AgentWork.queued(AgentWork.Kind.LOCAL));
        } finally {
            end.countDown();
        }
    }
}
