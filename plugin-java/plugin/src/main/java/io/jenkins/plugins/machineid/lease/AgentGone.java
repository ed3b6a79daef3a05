// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import io.jenkins.plugins.machineid.Messages;

/** The connection to the agent ended in the middle of a call: what it did is not known. */
public final class AgentGone extends AbortException {
    private static final long serialVersionUID = 1L;

    AgentGone(String agent) {
        super(Messages.Lease_gone(agent));
    }
}
