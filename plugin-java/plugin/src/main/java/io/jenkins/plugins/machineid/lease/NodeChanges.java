// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.model.Node;
import jenkins.model.NodeListener;

/** An agent is configured anew: its blocks are checked at once. It is deleted: nothing is owed to it any more. */
@Extension
public class NodeChanges extends NodeListener {
    @Override
    protected void onUpdated(Node oldOne, Node newOne) {
        Maintenance.recheckSoon();
    }

    @Override
    protected void onDeleted(Node node) {
        // The node may still be in the list while listeners are told.
        ActiveLeases.get().nodeDeleted(node.getNodeName());
        Standing.nodeDeleted(node.getNodeName());
        Maintenance.nodeDeleted(node.getNodeName());
    }
}
