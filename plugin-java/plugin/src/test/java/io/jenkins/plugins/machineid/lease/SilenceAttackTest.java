// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answer;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** Agents that never answer, or never read. */
class SilenceAttackTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(AgentWork.THREADS))
                .count();
    }

    @Test
    void a10ACallEndsAtItsLimitAndIsCancelled() throws Exception {
        FakeChannel channel = new FakeChannel(task -> FakeChannel.SILENCE);
        AgentCalls calls = new AgentCalls("a10-limit", "a10-limit", channel);
        ReleaseTask task = new ReleaseTask("/r", "l", true);
        long start = System.nanoTime();
        AgentSilent told = assertThrows(AgentSilent.class, () -> calls.call(Answer.class, task, 1));
        assertTrue(System.nanoTime() - start < Duration.ofSeconds(10).toNanos());
        assertTrue(told.getMessage().endsWith("[agent_silent]"), told.getMessage());
        assertEquals(task, channel.cancelled.poll(SOON.toSeconds(), TimeUnit.SECONDS));
        // The next one doesn't wait again.
        assertThrows(AgentSilent.class, () -> calls.call(Answer.class, task, 1000));
        assertEquals(1, channel.tasks.size());
    }

    @Test
    void a10OneSlowTaskIsNoSilence() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        FakeChannel channel = new FakeChannel(task -> {
            if (task instanceof KeyTask) {
                waiting.countDown();
                return FakeChannel.SILENCE;
            }
            return Answers.of(Blocks.ok(new JSONObject()));
        });
        AgentCalls calls = new AgentCalls("a10-slow", "a10-slow", channel);
        Thread beside = new Thread(() -> {
            try {
                waiting.await();
                calls.call(Answer.class, new ReleaseTask("/r", "l", true), 20);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        beside.start();
        assertThrows(AgentSilent.class, () -> calls.call(Answer.class, new KeyTask("/r"), 5));
        beside.join();
        calls.call(Answer.class, new ReleaseTask("/r", "l", true), 20);
    }

    @Test
    void a10AnAgentThatDoesNotReadBlocksOneThread() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        FakeChannel channel = new FakeChannel(task -> {
            end.await();
            return FakeChannel.SILENCE;
        });
        try {
            long before = threads();
            for (int i = 0; i < 20; i++) {
                AgentCalls calls = new AgentCalls("a10-read", "a10-read", channel);
                assertThrows(AgentSilent.class, () -> calls.call(Answer.class, new ReleaseTask("/r", "l", true), 1));
            }
            assertTrue(threads() - before <= 1, "threads " + (threads() - before));
        } finally {
            end.countDown();
        }
    }

    @Test
    void a10TheEndOfHundredBuildsTakesAFewThreadsAndNoTime() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        FakeChannel channel = new FakeChannel(task -> {
            asked.countDown();
            return FakeChannel.SILENCE;
        });
        FakeAgent agent = new FakeAgent("a10-end", channel);
        long before = threads();
        List<Blocks.Block> blocks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            blocks.add(new Blocks.Block(agent, new FakeRun("team-a/deploy", "a10-end#" + i)));
        }
        RunEndListener listener = new RunEndListener();
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> blocks.forEach(block -> listener.onFinalized(block.run)));
        assertTrue(asked.await(SOON.toSeconds(), TimeUnit.SECONDS));
        assertTrue(threads() - before <= 1 + AgentWork.Kind.RELEASE.threadsPerAgent, "threads " + (threads() - before));
        // Whoever ends a block waits no longer than its patience, and the lease is owed.
        Released done = blocks.get(0).session.release(1).get();
        assertTrue(done.line().contains("is released when agent a10-end"), done.line());
        agent.channel = new FakeChannel(task -> Answers.of(Blocks.ok(new JSONObject().put("released", true))));
        agent.delete();
        blocks.forEach(block -> ActiveLeases.get().remove(block.session.lease()));
    }

    @Test
    void a10WhatASilentAgentOwesIsReleasedWhenItAnswers() throws Exception {
        FakeChannel silent = new FakeChannel(task -> FakeChannel.SILENCE);
        FakeAgent agent = new FakeAgent("a10-owed", silent);
        assertThrows(AgentSilent.class, () -> new AgentCalls("a10-owed", "a10-owed", silent)
                .call(Answer.class, new ReleaseTask("/r", "l", true), 1));
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "a10-owed#1"));
        new RunEndListener().onFinalized(block.run);
        // Nobody tells when a lease has become owed.
        assertTimeoutPreemptively(SOON, () -> {
            while (ActiveLeases.get().owed() != 1) {
                Thread.onSpinWait();
            }
        });
        AtomicInteger released = new AtomicInteger();
        agent.channel = new FakeChannel(task -> {
            released.incrementAndGet();
            return Answers.of(Blocks.ok(new JSONObject().put("released", true)));
        });
        ActiveLeases.get().releaseOwed("a10-owed");
        assertEquals(0, ActiveLeases.get().owed());
        assertEquals(1, released.get());
        agent.delete();
    }

    @Test
    void a10ListenersWaitForNothing() {
        CountDownLatch end = new CountDownLatch(1);
        FakeAgent agent = new FakeAgent("a10-listeners", new FakeChannel(task -> {
            end.await();
            return FakeChannel.SILENCE;
        }));
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            for (int i = 0; i < 50; i++) {
                new AgentListener().onOnline(agent.computer(), null);
                new AgentListener().onOffline(agent.computer(), null);
                new NodeChanges().onUpdated(agent, agent);
            }
        });
        end.countDown();
        agent.delete();
    }
}
