// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

/**
 * How much there is to do with leases now, as this controller knows it; no agent is asked.
 *
 * @param held by blocks
 * @param owed of blocks that are over, to be released when their agents are back
 * @param blocksWaiting that have asked for a lease and don't have it yet
 * @param joinsQueued first joins and renewals that wait for their turn, because of the clusters' limits
 */
public record LeaseLoad(int held, int owed, int blocksWaiting, int joinsQueued) {
    public static LeaseLoad now() {
        ActiveLeases leases = ActiveLeases.get();
        int waiting = JoinQueue.blocks() + AgentWork.queued(AgentWork.Kind.SET_UP) + ObservedWork.acquiring();
        return new LeaseLoad(leases.size(), leases.owed(), waiting, JoinQueue.all());
    }
}
