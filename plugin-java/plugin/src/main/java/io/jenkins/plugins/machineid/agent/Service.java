// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.Serializable;

/**
 * How the library's work is done in a JVM. An agent that makes its answers itself may have left out or made up any of it.
 *
 * @param child by a child process; else by the library, loaded into the JVM
 * @param because why the library isn't loaded; null: it is, or the child process was asked for
 * @param losses how often all engines were lost with the process that had them, since this JVM has begun
 */
public record Service(boolean child, Reason because, long losses) implements Serializable {
    /** As REST has it. */
    public String word() {
        return child ? "child process" : "library";
    }
}
