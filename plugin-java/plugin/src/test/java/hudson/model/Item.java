// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.security.AccessControlled;
import hudson.security.Permission;

/** In place of the declared interface: with a permission that tests can tell from another. */
public interface Item extends AccessControlled {
    Permission READ = new Permission("Job/Read");
    Permission CONFIGURE = new Permission("Job/Configure");

    ItemGroup<? extends Item> getParent();

    String getFullName();
}
