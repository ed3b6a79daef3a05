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
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.Answers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A block with which everything is wrong, among others on the same agent. */
class RoundAttackTest {
    private final FakeChannel channel = new FakeChannel(task -> Answers.of(
            task instanceof AcquireTask
                    ? Blocks.ok(Blocks.acquired(Blocks.certificate()))
                    : Blocks.ok(new JSONObject().put("released", true).put("directory", "removed"))));
    private final FakeAgent agent = new FakeAgent("a-round", channel);

    @BeforeEach
    void configure() {
        Blocks.configure("team-a/**");
    }

    @AfterEach
    void delete() {
        ActiveLeases.clock = System::nanoTime;
        agent.delete();
        ActiveLeases.get().dropGone();
        Blocks.configure("team-a/**");
    }

    /** Says of itself what it likes. */
    private static class Broken implements ActiveLeases.Holder {
        final LeaseSession session;
        final Supplier<RuntimeException> fault;
        final List<AbortException> refusals = new ArrayList<>();
        volatile boolean refusable = true;

        Broken(LeaseSession session, boolean stale, Supplier<RuntimeException> fault) {
            this.session = session;
            this.fault = fault;
            ActiveLeases.get().add(this, stale);
        }

        @Override
        public LeaseSession session() {
            return session;
        }

        @Override
        public Run<?, ?> run() {
            throw fault.get();
        }

        @Override
        public TaskListener listener() {
            return null;
        }

        @Override
        public void refused(AbortException why) {
            refusals.add(why);
            if (!refusable) {
                throw fault.get();
            }
        }
    }

    private static RuntimeException overflow() {
        throw new StackOverflowError("a pattern");
    }

    /** Several: whose turn is first nobody knows. */
    private List<Broken> broken(boolean stale) {
        return IntStream.range(0, 8)
                .mapToObj(n -> new Broken(
                        Blocks.session(agent, new FakeRun("team-a/broken", "broken#" + n)),
                        stale,
                        n % 2 == 0 ? RoundAttackTest::overflow : IllegalStateException::new))
                .toList();
    }

    private static void forget(List<Broken> broken) {
        broken.forEach(each -> ActiveLeases.get().remove(each.session.lease()));
    }

    @Test
    void a14ABlockThatCanNotBeJudgedKeepsNoOtherFromThePolicy() {
        AtomicLong later = new AtomicLong(System.nanoTime());
        ActiveLeases.clock = later::get;
        List<Broken> broken = broken(false);
        broken.forEach(each -> each.refusable = false);
        List<Blocks.Block> blocks = IntStream.range(0, 8)
                .mapToObj(n -> new Blocks.Block(agent, new FakeRun("team-a/deploy", "round#" + n)))
                .toList();
        try {
            Blocks.configure("team-b/**");
            ActiveLeases.get().recheck();
            blocks.forEach(block -> assertTrue(block.refusal.isDone()));
            // Its own permission doesn't outlive the fault; and it is told once.
            // Each save makes a round: many of them in a moment are no reason.
            for (int round = 0; round < 20; round++) {
                ActiveLeases.get().recheck();
            }
            later.addAndGet(ActiveLeases.MOST_UNASKED.toNanos() - 1);
            ActiveLeases.get().recheck();
            broken.forEach(each -> assertEquals(0, each.refusals.size()));
            later.addAndGet(1);
            ActiveLeases.get().recheck();
            ActiveLeases.get().recheck();
            broken.forEach(each -> assertEquals(1, each.refusals.size()));
            String told = broken.get(0).refusals.get(0).getMessage();
            assertTrue(told.contains("[policy_unasked]"), told);
        } finally {
            forget(broken);
        }
    }

    /** A fault that comes and goes isn't one that lasts. */
    @Test
    void a14OneRoundThatSucceedsBeginsTheTimeAnew() {
        AtomicLong later = new AtomicLong(System.nanoTime());
        ActiveLeases.clock = later::get;
        AtomicBoolean faulty = new AtomicBoolean(true);
        FakeRun run = new FakeRun("team-a/deploy", "anew#1");
        Broken one = new Broken(Blocks.session(agent, run), false, IllegalStateException::new) {
            @Override
            public Run<?, ?> run() {
                return faulty.get() ? super.run() : run;
            }
        };
        try {
            for (int round = 0; round < 6; round++) {
                faulty.set(round != 2);
                ActiveLeases.get().recheck();
                assertEquals(List.of(), one.refusals, "round " + round);
                later.addAndGet(ActiveLeases.MOST_UNASKED.toNanos() / 3);
            }
            ActiveLeases.get().recheck();
            assertEquals(1, one.refusals.size());
        } finally {
            forget(List.of(one));
        }
    }

    @Test
    void a14ABlockThatFailsKeepsNoOtherOfItsAgentFromItsTurn() throws Exception {
        List<Broken> broken = broken(true);
        List<Blocks.Block> blocks = IntStream.range(0, 4)
                .mapToObj(n -> new Blocks.Block(agent, new FakeRun("team-a/deploy", "turn#" + n)))
                .toList();
        try {
            ActiveLeases.get().agentLost("a-round");
            ActiveLeases.get().refresh("a-round");
            long taken = channel.tasks.stream().filter(AcquireTask.class::isInstance).count();
            assertEquals(4, taken);
            FakeRun ended = blocks.get(0).run;
            ActiveLeases.get().runEnded(ended);
            assertTrue(blocks.get(0).session.release(0).join() != null);
        } finally {
            forget(broken);
            blocks.forEach(block -> block.session.releaseNow(block.run));
        }
    }

    @Test
    void a14WhatFailsOnAnAgentKeepsNothingElseThereFromItsTurn() {
        List<String> done = new ArrayList<>();
        IOException told = assertThrows(IOException.class, () -> Maintenance.inTurn(
                () -> overflow(),
                () -> done.add("leases"),
                () -> {
                    throw new IOException("destination_unsafe");
                },
                () -> done.add("sweep")));
        assertEquals(List.of("leases", "sweep"), done);
        assertEquals("a pattern", told.getMessage());
        assertEquals("destination_unsafe", told.getSuppressed()[0].getMessage());
        assertFalse(told.getCause() == null);
    }
}
