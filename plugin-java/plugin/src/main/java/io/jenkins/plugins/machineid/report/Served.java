// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import io.jenkins.plugins.machineid.agent.Service;

/**
 * How the library's work is done on an agent, as it says.
 *
 * @param child by a child process; else by the library in the agent's JVM
 * @param because why the library isn't loaded; null: it is, or the child process was asked for
 * @param losses how often the engines were lost with their process
 */
public record Served(boolean child, Reason because, long losses) {
    /** @param said an agent's word, or null */
    static Served of(Service said) {
        return said == null ? null : new Served(said.isChild(), said.getBecause(), said.getLosses());
    }

    /** As REST has it. */
    public String word() {
        return child ? "child process" : "library";
    }
}
