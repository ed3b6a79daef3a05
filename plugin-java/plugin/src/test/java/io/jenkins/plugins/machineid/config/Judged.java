// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Node;

/** What listeners are told of a node, for tests of other packages. */
public final class Judged {
    private Judged() {}

    /** Somebody gave it its name, or another way to start. */
    public static void named(Node node, boolean administrator) {
        AgentNames.judge(node, true, administrator);
    }

    /** It is gone. */
    public static void deleted(Node node) {
        new AgentNames().onDeleted(node);
    }
}
