// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.ExtensionPoint;
import java.time.Duration;

/** Is told of each lease that was asked for on an agent, and how that ended. On the thread that asked: it must not wait. */
public abstract class LeaseObserver implements ExtensionPoint {
    /** In place of an error's code: it went well. */
    public static final String OK = "ok";

    /** What was done. */
    public enum Work {
        /** A block's lease is taken. */
        ACQUIRE,
        /** The same once more, after a restart of the controller or the agent. */
        AGAIN,
        /** A lease that this controller vouches for joins once more. */
        RENEW,
        /** A standing destination is taken, or joins once more. */
        STANDING
    }

    /**
     * @param took without the time in the queue of joins
     * @param code {@link #OK}, or the code of the error; empty where it has none
     */
    public abstract void done(Work work, Duration took, String code);
}
