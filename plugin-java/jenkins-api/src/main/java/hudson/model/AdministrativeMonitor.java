// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.security.Permission;
import org.kohsuke.stapler.StaplerProxy;

public abstract class AdministrativeMonitor extends AbstractModelObject implements hudson.ExtensionPoint, StaplerProxy {
    public final String id;

    protected AdministrativeMonitor(String id) {
        this.id = id;
    }

    public String getUrl() {
        return null;
    }

    public String getDisplayName() {
        return null;
    }

    public abstract boolean isActivated();

    public boolean isSecurity() {
        return false;
    }

    public void checkRequiredPermission() {}

    public boolean hasRequiredPermission() {
        return false;
    }

    @Override
    public Object getTarget() {
        return null;
    }
}
