// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.Serializable;

/** How the library's work is done in a JVM. An agent that makes its answers itself may have left out or made up any of it. */
public final class Service implements Serializable {
    private static final long serialVersionUID = 1L;

    private final boolean child;
    private final Reason because;
    private final long losses;

    private Service(boolean child, Reason because, long losses) {
        this.child = child;
        this.because = because;
        this.losses = losses;
    }

    /** By the library, loaded into the JVM. */
    static Service byLibrary() {
        return new Service(false, null, 0);
    }

    /**
     * By a child process.
     *
     * @param because why the library isn't loaded; null: it was asked for
     * @param losses how often it has ended by itself
     */
    static Service byChild(Reason because, long losses) {
        return new Service(true, because, losses);
    }

    /** Whether a child process does it. */
    public boolean isChild() {
        return child;
    }

    /** Why the library isn't loaded; null: it is, or the child process was asked for. */
    public Reason getBecause() {
        return because;
    }

    /** How often all engines were lost with the process that had them, since this JVM has begun. */
    public long getLosses() {
        return losses;
    }

    @Override
    public String toString() {
        return (child ? "child " : "library ") + because + " " + losses;
    }
}
