// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.slaves;

import hudson.model.Node;
import hudson.model.ReconfigurableDescribable;

public abstract class NodeProperty<N extends Node>
        implements ReconfigurableDescribable<NodeProperty<?>>, hudson.ExtensionPoint {
    public NodeProperty() {}

    @Override
    public NodePropertyDescriptor getDescriptor() {
        return null;
    }
}
