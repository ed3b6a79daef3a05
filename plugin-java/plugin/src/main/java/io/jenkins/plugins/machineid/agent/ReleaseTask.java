// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

/** Gives a lease back to the engines that have it; harmless to repeat; cancels an acquire of the same lease that is in flight. */
public final class ReleaseTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String lease;
    private final boolean forGood;

    /** @param forGood the id will not be taken again */
    public ReleaseTask(String root, String lease, boolean forGood) {
        super(root);
        this.lease = lease;
        this.forGood = forGood;
    }

    @Override
    Answer run(AgentState agent) {
        return orWanted(agent, agent.engines().release(lease, forGood));
    }
}
