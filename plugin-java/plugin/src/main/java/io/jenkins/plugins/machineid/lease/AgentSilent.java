// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;

/** The agent is connected and doesn't answer. */
public final class AgentSilent extends AbortException {
    private static final long serialVersionUID = 1L;

    AgentSilent(String agent, long seconds) {
        super(Messages.Lease_silent(agent, Durations.text(seconds)));
    }
}
