// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.slaves;

import hudson.model.Node;
import hudson.model.Queue;
import hudson.model.ReconfigurableDescribable;
import hudson.model.queue.CauseOfBlockage;

public abstract class NodeProperty<N extends Node>
        implements ReconfigurableDescribable<NodeProperty<?>>, hudson.ExtensionPoint {
    public NodeProperty() {}

    public CauseOfBlockage canTake(Queue.BuildableItem item) {
        return null;
    }

    @Override
    public NodePropertyDescriptor getDescriptor() {
        return null;
    }
}
