// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

/** Loads the library and tells the key that a configuration is sealed to. */
public final class KeyTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    public KeyTask(String root) {
        super(root);
    }

    @Override
    Answer run(AgentState agent) {
        return orWanted(agent, null);
    }
}
