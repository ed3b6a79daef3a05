// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/** Takes a lease. */
public final class AcquireTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String engineKey;
    private final String lease;
    private final String parent;
    private final byte[] request;
    private final byte[] statement;

    /**
     * @param parent directory to be there before the lease's own is made in it; null: leave that to the library
     * @param request UTF-8 JSON, without secrets
     * @param statement who the build is, as the controller has signed it, sealed; null: none
     */
    public AcquireTask(String root, String engineKey, String lease, String parent, byte[] request, byte[] statement) {
        super(root);
        this.engineKey = engineKey;
        this.lease = lease;
        this.parent = parent;
        this.request = request.clone();
        this.statement = statement == null ? null : statement.clone();
    }

    @Override
    Answer run(AgentState agent) throws IOException {
        if (parent != null) {
            Files.createDirectories(Path.of(parent));
        }
        if (statement == null) {
            return orWanted(agent, agent.engines().acquire(engineKey, lease, request));
        }
        byte[] whole = withStatement(agent);
        try {
            return orWanted(agent, agent.engines().acquire(engineKey, lease, whole));
        } finally {
            Arrays.fill(whole, (byte) 0);
        }
    }

    private byte[] withStatement(AgentState agent) throws IOException {
        byte[] plain;
        try {
            plain = agent.box().open(statement);
        } catch (GeneralSecurityException e) {
            throw new IOException("the statement was sealed to another JVM: " + e.getMessage(), e);
        }
        try {
            return JsonMembers.statement(request, plain);
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }
}
