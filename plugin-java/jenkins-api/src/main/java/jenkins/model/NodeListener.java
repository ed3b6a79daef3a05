// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.model;

import hudson.model.Node;

public abstract class NodeListener implements hudson.ExtensionPoint {
    public NodeListener() {}

    protected void onCreated(Node node) {}

    protected void onUpdated(Node oldOne, Node newOne) {}

    protected void onDeleted(Node node) {}
}
