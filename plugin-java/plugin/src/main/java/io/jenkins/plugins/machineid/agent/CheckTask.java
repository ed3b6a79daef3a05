// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.util.Arrays;

/** Test connection: keeps nothing, uses no token up. */
public final class CheckTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final byte[] sealed;

    public CheckTask(String root, byte[] sealed) {
        super(root);
        this.sealed = sealed.clone();
    }

    @Override
    Answer run(AgentState agent) throws IOException {
        byte[] config = OpenTask.unseal(agent, sealed);
        try {
            return Answer.of(agent.api().check(config));
        } finally {
            Arrays.fill(config, (byte) 0);
        }
    }
}
