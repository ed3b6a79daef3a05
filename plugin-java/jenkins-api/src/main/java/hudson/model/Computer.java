// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.remoting.VirtualChannel;
import hudson.security.AccessControlled;
import hudson.security.Permission;

public abstract class Computer extends Actionable implements AccessControlled {
    public static final Permission CONFIGURE = null;
    public static final Permission CREATE = null;
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
        return null;
    }

    public final boolean isOnline() {
        return false;
    }

    public abstract boolean isConnecting();

    public abstract VirtualChannel getChannel();
}
