// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

/** Drops the bot's identity, at hand and stored: what needs one afterwards joins. */
public final class DropTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String engineKey;
    private final String identity;

    public DropTask(String root, String engineKey, String identity) {
        super(root);
        this.engineKey = engineKey;
        this.identity = identity;
    }

    @Override
    Answer run(AgentState agent) {
        return orWanted(agent, agent.engines().drop(engineKey, identity));
    }
}
