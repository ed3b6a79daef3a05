// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

/** Renews the bot's own identity now. */
public final class RenewTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String engineKey;
    private final String identity;

    public RenewTask(String root, String engineKey, String identity) {
        super(root);
        this.engineKey = engineKey;
        this.identity = identity;
    }

    @Override
    Answer run(AgentState agent) {
        return orWanted(agent, agent.engines().renew(engineKey, identity));
    }
}
