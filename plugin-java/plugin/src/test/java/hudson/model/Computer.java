// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.remoting.VirtualChannel;
import hudson.security.AccessControlled;
import hudson.security.Permission;

/** In place of the declared class, where {@code isOnline} is final: tests say what it gives. */
public abstract class Computer extends Actionable implements AccessControlled {
    public static final Permission CONFIGURE = new Permission("Configure");
    public static final Permission CREATE = new Permission("Create");
    public static final java.util.concurrent.ExecutorService threadPoolForRemoting = null;

    Computer() {}

    public String getName() {
        return null;
    }

    public String getDisplayName() {
        return null;
    }

    public Node getNode() {
        return null;
    }

    public String getUrl() {
        return "computer/" + getName() + "/";
    }

    public boolean isOnline() {
        return false;
    }

    public abstract boolean isConnecting();

    public abstract VirtualChannel getChannel();
}
