// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.FilePath;
import hudson.security.AccessControlled;
import hudson.slaves.NodeProperty;

public abstract class Node extends AbstractModelObject implements AccessControlled {
    public Node() {}

    public abstract String getNodeName();

    public String getDisplayName() {
        return null;
    }

    public abstract String getLabelString();

    public final Computer toComputer() {
        return null;
    }

    @SuppressWarnings("rawtypes")
    public <T extends NodeProperty> T getNodeProperty(Class<T> type) {
        return null;
    }

    public abstract FilePath getRootPath();
}
