// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/** Brings an identity's configuration, sealed, and opens its engine. */
public final class OpenTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String engineKey;
    private final String identity;
    private final byte[] sealed;

    public OpenTask(String root, String engineKey, String identity, byte[] sealed) {
        super(root);
        this.engineKey = engineKey;
        this.identity = identity;
        this.sealed = sealed.clone();
    }

    @Override
    Answer run(AgentState agent) throws IOException {
        byte[] config = unseal(agent, sealed);
        try {
            return Answer.of(agent.engines().open(engineKey, identity, config));
        } finally {
            Arrays.fill(config, (byte) 0);
        }
    }

    /** The whole configuration, with this agent's paths in it; the caller wipes it. */
    static byte[] unseal(AgentState agent, byte[] sealed) throws IOException {
        byte[] plain;
        try {
            plain = agent.box().open(sealed);
        } catch (GeneralSecurityException e) {
            throw new IOException("the configuration was sealed to another JVM: " + e.getMessage(), e);
        }
        try {
            return JsonMembers.paths(plain, agent.stateDirectory(), agent.helper());
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }
}
