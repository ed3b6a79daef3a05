// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import jenkins.security.MasterToSlaveCallable;

/** A call that runs on the agent and needs its library. */
abstract class AgentTask<V> extends MasterToSlaveCallable<V, IOException> {
    private static final long serialVersionUID = 1L;

    private final String root;

    /** @param root the agent's root directory */
    AgentTask(String root) {
        this.root = root;
    }

    @Override
    public final V call() throws IOException {
        return run(AgentState.of(root));
    }

    abstract V run(AgentState agent) throws IOException;

    static Answer orWanted(AgentState agent, byte[] reply) {
        return reply == null ? Answer.configurationWanted(agent.box().publicKey()) : Answer.of(reply);
    }
}
