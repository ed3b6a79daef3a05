// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.ExtensionPoint;

/**
 * Is told what builds do with machine identities, for whoever ships that somewhere. {@code docs/audit.md} has the events and
 * their fields.
 *
 * <p>Each listener has a thread of its own, and is told one event after the other, after the fact. No build waits for it:
 * what it throws is logged, and where it is too slow, events are left out for it alone.
 */
public abstract class MachineIdListener implements ExtensionPoint {
    /** As the system, soon after it happened. */
    public abstract void onEvent(MachineIdEvent event);

    /**
     * Called before the next event when it wasn't told some, since too many were waiting.
     *
     * @param count how many
     */
    public void onLost(long count) {}
}
