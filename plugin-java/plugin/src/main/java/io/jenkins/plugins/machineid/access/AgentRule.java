// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.List;

/**
 * Which agents an administrator allows to have an identity.
 *
 * @param names patterns of agent names; with {@link By#NAMES} none means no agent
 * @param label a label expression; may be empty. With {@link By#NAMES} it narrows, with {@link By#LABEL} it decides
 */
public record AgentRule(By by, List<String> names, String label) {

    /** What decides. */
    public enum By {
        /** The agent's name. */
        NAMES,
        /** The agent's labels alone, which whoever configures the agent may set. */
        LABEL,
        /** Nothing: agents prove to the cluster who they are, and no secret is sent to them. */
        ANY;

        /** As it is written in the configuration. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public static AgentRule named(String... names) {
        return new AgentRule(By.NAMES, List.of(names), "");
    }

    @Override
    public String toString() {
        return by.text() + (by == By.LABEL ? "" : " " + names) + (label.isEmpty() ? "" : " label " + label);
    }
}
