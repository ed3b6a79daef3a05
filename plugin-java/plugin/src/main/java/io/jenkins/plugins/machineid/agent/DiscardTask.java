// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;

/** Ends a lease that no open engine has, with the lease table alone: no configuration travels, no engine is opened. */
public final class DiscardTask extends AgentTask<Answer> {
    private static final long serialVersionUID = 1L;

    private final String lease;
    private final String directory;

    /** @param directory as the controller chose it; null: only what the table knows is ended */
    public DiscardTask(String root, String lease, String directory) {
        super(root);
        this.lease = lease;
        this.directory = directory;
    }

    @Override
    Answer run(AgentState agent) {
        return Answer.of(agent.api().discard(request(agent.stateDirectory(), lease, directory)));
    }

    static byte[] request(String root, String lease, String directory) {
        String named = directory == null ? "" : ",\"directory\":" + JsonMembers.quote(directory);
        return ("{\"root\":" + JsonMembers.quote(root) + ",\"lease\":" + JsonMembers.quote(lease) + named + "}")
                .getBytes(StandardCharsets.UTF_8);
    }
}
