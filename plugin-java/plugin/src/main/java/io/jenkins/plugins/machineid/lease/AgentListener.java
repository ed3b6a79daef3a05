// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.model.Computer;
import hudson.model.TaskListener;
import hudson.slaves.ComputerListener;
import hudson.slaves.OfflineCause;
import io.jenkins.plugins.machineid.report.AgentReports;

/** An agent comes: its standing destination and the leases of waiting blocks are taken. It goes: they are stale. */
@Extension
public class AgentListener extends ComputerListener {
    @Override
    public void onOnline(Computer computer, TaskListener listener) {
        // What is known of it is from before: it may be another machine now.
        AgentReports.get().touched(computer.getName());
        // Not on this thread: the agent is of use to builds before a cluster has answered.
        Maintenance.visitSoon(computer, listener);
    }

    @Override
    public void onOffline(Computer computer, OfflineCause cause) {
        ActiveLeases.get().agentLost(computer.getName());
        Standing.agentLost(computer.getName());
    }
}
