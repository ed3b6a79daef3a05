// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A block that goes on after its permission was withdrawn. */
class RevocationAttackTest {
    private final FakeChannel channel =
            new FakeChannel(task -> Answers.of(Blocks.ok(new JSONObject().put("released", true))));
    private final FakeAgent agent = new FakeAgent("a14", channel);

    @AfterEach
    void delete() {
        agent.delete();
    }

    @Test
    void a14AWithdrawnPermissionEndsTheBlockWithTheRulesSentence() throws Exception {
        Blocks.configure("team-a/**");
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "a14#1"));
        ActiveLeases.get().recheck();
        assertFalse(block.refusal.isDone());
        Blocks.configure("team-b/**");
        new ConfigurationChanges().onChange(MachineIdConfiguration.get(), null);
        AbortException why = block.refusal.get(10, TimeUnit.SECONDS);
        assertTrue(why.getMessage().contains("[policy_job]"), why.getMessage());
        assertEquals("policy_job", MachineIdAction.of(block.run).getRefusals().get(0).getRule());
        // Its files go at once: the block's end isn't waited for.
        block.released.get(10, TimeUnit.SECONDS);
        assertFalse(ActiveLeases.get().contains("a14", block.session.lease()));
        assertTrue(channel.tasks.get(0) instanceof ReleaseTask);
    }

    @Test
    void a14AnIdentityThatIsRemovedEndsItsBlocks() throws Exception {
        Blocks.configure("team-a/**");
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "a14#2"));
        MachineIdConfiguration.get().setIdentities(java.util.List.of());
        ActiveLeases.get().recheck();
        assertTrue(block.refusal.get(10, TimeUnit.SECONDS).getMessage().contains("[policy_job]"));
    }

    /** A block that was given whatever the bot may take keeps all of it when the administrator lists a few roles. */
    @Test
    void a14RolesThatAreListedLaterEndABlockThatHasThemAll() throws Exception {
        Blocks.configure("team-a/**");
        Identity open = MachineIdConfiguration.get().identity("api");
        open.setRoles(List.of());
        MachineIdConfiguration.get().setIdentities(List.of(open));
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "a14#3"), List.of());
        ActiveLeases.get().recheck();
        assertFalse(block.refusal.isDone());
        Blocks.configure("team-a/**");
        ActiveLeases.get().recheck();
        assertTrue(block.refusal.get(10, TimeUnit.SECONDS).getMessage().contains("[policy_role]"));
    }

    @Test
    void a20WhatIsOwedToADeletedNodeIsDropped() throws Exception {
        FakeAgent gone = new FakeAgent("a20", null);
        Blocks.Block block = new Blocks.Block(gone, new FakeRun("team-a/deploy", "a20#1"));
        block.session.releaseNow(block.run);
        assertEquals(1, ActiveLeases.get().owed());
        new NodeChanges().onDeleted(gone);
        assertEquals(0, ActiveLeases.get().owed());
        // Also one that was deleted without a word, and a block that ends after its node is gone.
        FakeAgent silently = new FakeAgent("a20-silently", null);
        Blocks.Block second = new Blocks.Block(silently, new FakeRun("team-a/deploy", "a20#2"));
        second.session.releaseNow(second.run);
        silently.delete();
        ActiveLeases.get().dropGone();
        assertEquals(0, ActiveLeases.get().owed());
        gone.delete();
        Blocks.Block third = new Blocks.Block(gone, new FakeRun("team-a/deploy", "a20#3"));
        third.session.releaseNow(third.run);
        assertEquals(0, ActiveLeases.get().owed());
    }
}
