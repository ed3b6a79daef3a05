// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.ExtensionPoint;

/** Is told of what agents have tried with identities, once each time, when an agent tells it. It must not wait. */
public abstract class AgentCountObserver implements ExtensionPoint {
    /** In place of an error's code: it went well. */
    public static final String OK = "ok";

    /** What was tried. */
    public enum Tried {
        JOIN,
        RENEWAL,
        ISSUANCE
    }

    /**
     * @param identity as it is configured; one that the agent may use
     * @param code {@link #OK}, or one of the library's codes
     * @param by how often, as the agent says: within limits, and no more than that
     */
    public abstract void counted(String identity, Tried what, String code, long by);
}
