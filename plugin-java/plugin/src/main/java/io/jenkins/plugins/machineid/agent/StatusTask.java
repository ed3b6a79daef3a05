// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import jenkins.security.MasterToSlaveCallable;

/** What the open engines hold. */
public final class StatusTask extends MasterToSlaveCallable<AgentStatus, IOException> {
    private static final long serialVersionUID = 3L;

    private final String root;
    private final String known;

    /** @param known number of what was told last; null: all is wanted */
    public StatusTask(String root, String known) {
        this.root = root;
        this.known = known;
    }

    /** Does not load the library where nothing has used it yet. */
    @Override
    public AgentStatus call() {
        AgentState agent = AgentState.existing(root);
        String platform = Platform.name(System.getProperty("os.name"), System.getProperty("os.arch"));
        return agent == null
                ? AgentStatus.unused(platform, AgentState.unavailable(root))
                : AgentStatus.of(platform, agent.service(), agent.engines().status(), known);
    }
}
