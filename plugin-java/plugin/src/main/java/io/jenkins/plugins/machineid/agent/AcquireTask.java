// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Takes a lease. */
public final class AcquireTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String engineKey;
    private final String lease;
    private final String parent;
    private final byte[] request;

    /**
     * @param parent directory to be there before the lease's own is made in it; null: leave that to the library
     * @param request UTF-8 JSON, without secrets
     */
    public AcquireTask(String root, String engineKey, String lease, String parent, byte[] request) {
        super(root);
        this.engineKey = engineKey;
        this.lease = lease;
        this.parent = parent;
        this.request = request.clone();
    }

    @Override
    Answer run(AgentState agent) throws IOException {
        if (parent != null) {
            Files.createDirectories(Path.of(parent));
        }
        return orWanted(agent, agent.engines().acquire(engineKey, lease, request));
    }
}
