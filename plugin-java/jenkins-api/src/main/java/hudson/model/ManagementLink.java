// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.security.Permission;

public abstract class ManagementLink implements hudson.ExtensionPoint, Action {
    public ManagementLink() {}

    @Override
    public abstract String getIconFileName();

    public String getDescription() {
        return null;
    }

    @Override
    public abstract String getUrlName();

    public Permission getRequiredPermission() {
        return null;
    }

    public Category getCategory() {
        return null;
    }

    public enum Category {
        CONFIGURATION,
        SECURITY,
        STATUS,
        TROUBLESHOOTING,
        TOOLS,
        MISC,
        UNCATEGORIZED
    }
}
