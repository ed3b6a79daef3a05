// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.util.ArrayList;
import jenkins.security.MasterToSlaveCallable;

/** What the open engines hold. */
public final class StatusTask extends MasterToSlaveCallable<ArrayList<byte[]>, IOException> {
    private static final long serialVersionUID = 1L;

    private final String root;

    public StatusTask(String root) {
        this.root = root;
    }

    /** Does not load the library where nothing has used it yet. */
    @Override
    public ArrayList<byte[]> call() {
        AgentState agent = AgentState.existing(root);
        return agent == null ? new ArrayList<>() : new ArrayList<>(agent.engines().status());
    }
}
