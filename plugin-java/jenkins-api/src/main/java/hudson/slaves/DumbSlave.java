// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.slaves;

import hudson.model.Slave;

public final class DumbSlave extends Slave {
    private DumbSlave() {}
}
