// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.DiscardTask;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import java.util.List;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** An agent that asks for the configuration, join token included, whenever a lease is given back. */
class ReleaseAttackTest {
    private static String discarded(String directory) {
        return Blocks.ok(new JSONObject().put("released", true).put("directory", directory));
    }

    @Test
    void a07ReleaseSendsNoConfigurationWhateverTheAgentAsksFor() {
        Blocks.configure("team-a/**");
        FakeChannel channel = new FakeChannel(
                task -> task instanceof DiscardTask ? Answers.of(discarded("removed")) : Answers.wanted());
        FakeAgent agent = new FakeAgent("a07", channel);
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "deploy#1"));
        Released done = block.session.releaseNow(block.run);
        assertEquals(List.of(ReleaseTask.class, DiscardTask.class), channel.tasks.stream().map(Object::getClass).toList());
        assertTrue(done.line().contains("released"), done.line());
        assertFalse(ActiveLeases.get().contains("a07", block.session.lease()));
        agent.delete();
    }

    @Test
    void a07ReleaseAsksNoPolicy() {
        Blocks.configure("nobody/**");
        FakeAgent agent = new FakeAgent("a07-policy", new FakeChannel(task -> Answers.of(discarded("removed"))));
        FakeRun run = new FakeRun("team-a/deploy", "deploy#1");
        Blocks.Block block = new Blocks.Block(agent, run);
        assertTrue(block.session.releaseNow(run).line().contains("released"));
        assertEquals(0, ActiveLeases.get().owed());
        agent.delete();
    }

    @Test
    void a09ReleaseSaysWhenItsDirectoryIsNotThere() {
        for (String state : List.of("absent", "not_ours")) {
            FakeAgent agent = new FakeAgent("a09", new FakeChannel(task -> Answers.of(discarded(state))));
            Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "deploy#1"));
            String line = block.session.releaseNow(block.run).line();
            assertFalse(line.contains("its files are gone"), line);
            assertTrue(line.contains("/machine-id-" + block.session.lease()), line);
            agent.delete();
        }
    }

    @Test
    void a09WhatAnEarlierTryEndedIsNoAlarm() {
        String nothing = Blocks.ok(new JSONObject().put("released", false).put("directory", "absent"));
        FakeAgent agent = new FakeAgent("a09-again", new FakeChannel(task -> Answers.of(nothing)));
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "deploy#1"));
        assertTrue(block.session.releaseNow(block.run).line().contains("its files are gone"));
        agent.delete();
    }
}
