// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import hudson.EnvVars;
import java.util.Map;
import java.util.TreeMap;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;

/** A block's variables, on its own agent only: a {@code node} block for another agent inside it sees none of them. */
final class NodeEnvironment extends EnvironmentExpander {
    private static final long serialVersionUID = 1L;
    private static final String NODE = "NODE_NAME";

    private final String node;
    private final TreeMap<String, String> variables;

    /** @param around the environment that the block stands in */
    NodeEnvironment(EnvVars around, Map<String, String> variables) {
        this.node = around == null ? null : around.get(NODE);
        this.variables = new TreeMap<>(variables);
    }

    @Override
    public void expand(EnvVars env) {
        String here = env.get(NODE);
        if (node == null ? here == null : node.equals(here)) {
            variables.forEach((name, value) -> set(env, name, value));
        }
    }

    /**
     * An empty value takes a variable away, also one of the agent's own process: Jenkins leaves an empty one out of what it
     * starts. One that isn't there needn't be: a container would be given it.
     */
    private static void set(EnvVars env, String name, String value) {
        if (!value.isEmpty() || env.containsKey(name)) {
            env.put(name, value);
        }
    }
}
