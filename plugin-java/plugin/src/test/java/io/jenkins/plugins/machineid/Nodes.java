// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import io.jenkins.plugins.machineid.access.NodeFacts;
import java.util.List;

/** What the controller knows of agents, for tests. */
public final class Nodes {
    private Nodes() {}

    /** One that an administrator has looked at, without a configuration of ours. */
    public static NodeFacts vouched(String name) {
        return new NodeFacts(name, name, name.isEmpty(), true, label -> false, false, true, List.of(), "");
    }
}
