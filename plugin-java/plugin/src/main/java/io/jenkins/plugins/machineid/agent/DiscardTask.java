// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;

/** Ends a lease with the lease table alone: no engine, no configuration, no secret. Harmless to repeat. */
public final class DiscardTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String lease;
    private final String directory;

    /** @param directory the lease's own */
    public DiscardTask(String root, String lease, String directory) {
        super(root);
        this.lease = lease;
        this.directory = directory;
    }

    @Override
    Answer run(AgentState agent) {
        String request = "{\"root\":" + EnginePaths.quote(agent.stateDirectory())
                + ",\"lease\":" + EnginePaths.quote(lease)
                + ",\"directory\":" + EnginePaths.quote(directory) + "}";
        return Answer.of(agent.engines().discard(lease, request.getBytes(StandardCharsets.UTF_8)));
    }
}
