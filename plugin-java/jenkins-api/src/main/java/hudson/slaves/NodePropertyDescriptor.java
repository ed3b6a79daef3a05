// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.slaves;

import hudson.model.Node;

public abstract class NodePropertyDescriptor extends hudson.tools.PropertyDescriptor<NodeProperty<?>, Node> {
    protected NodePropertyDescriptor() {}

    public boolean isApplicableAsGlobal() {
        return false;
    }
}
