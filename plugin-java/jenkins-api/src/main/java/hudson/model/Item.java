// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.security.AccessControlled;
import hudson.security.Permission;

public interface Item extends AccessControlled {
    Permission READ = null;

    Permission CONFIGURE = null;

    ItemGroup<? extends Item> getParent();

    String getFullName();
}
