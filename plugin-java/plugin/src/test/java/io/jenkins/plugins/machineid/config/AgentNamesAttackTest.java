// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeAgent;
import hudson.remoting.FakeChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A user with Agent/Configure makes an administrator vouch for a machine of the user's own. */
class AgentNamesAttackTest {
    private final FakeChannel theirs = new FakeChannel(task -> FakeChannel.SILENCE);
    private final FakeChannel ours = new FakeChannel(task -> FakeChannel.SILENCE);
    private FakeAgent agent = new FakeAgent("a05-names", theirs);

    @AfterEach
    void delete() {
        agent.delete();
        new AgentNames().onDeleted(agent);
    }

    /** Points the agent to their machine, waits for it to connect, and puts back what stood there before. */
    @Test
    void a05AMachineThatConnectedBeforeTheAdministratorsWordHasNone() {
        AgentNames.judge(agent, true, false);
        assertFalse(AgentNames.vouched(agent));
        AgentNames.judge(agent, true, false);
        AgentNames.judge(agent, false, true);
        assertFalse(AgentNames.vouched(agent));
        agent.channel = null;
        assertTrue(AgentNames.vouched(agent));
        agent.channel = ours;
        assertTrue(AgentNames.vouched(agent));
    }

    /** The same with a machine that takes its time to connect. */
    @Test
    void a05AMachineThatIsConnectingMeanwhileHasNoneEither() {
        agent.channel = null;
        AgentNames.judge(agent, true, false);
        agent.connecting = true;
        AgentNames.judge(agent, false, true);
        agent.connecting = false;
        AgentNames.connected("a05-names", theirs);
        agent.channel = theirs;
        assertFalse(AgentNames.vouched(agent));
        AgentNames.connected("a05-names", ours);
        agent.channel = ours;
        assertTrue(AgentNames.vouched(agent));
    }

    /** Changes the agent just when the administrator has saved it, before the listeners are told of that. */
    @Test
    void a05AnAdministratorsWordIsOnlyForWhatWasSaved() {
        FakeAgent saved = agent;
        AgentNames.judge(saved, true, false);
        agent = new FakeAgent("a05-names", null);
        AgentNames.judge(agent, true, false);
        AgentNames.judge(saved, false, true);
        assertFalse(AgentNames.vouched(agent));
        AgentNames.judge(agent, false, true);
        assertTrue(AgentNames.vouched(agent));
    }

    @Test
    void a05AnAgentThatComesWhileItsForerunnerIsDeletedStaysInDoubt() {
        AgentNames.judge(agent, true, false);
        new AgentNames().onDeleted(agent);
        assertFalse(AgentNames.vouched(agent));
    }
}
