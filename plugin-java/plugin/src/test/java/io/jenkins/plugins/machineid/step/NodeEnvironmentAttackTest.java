// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hudson.EnvVars;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A block on a hostile agent with a {@code node} block for another one inside. */
class NodeEnvironmentAttackTest {
    private static EnvVars on(String node) {
        EnvVars variables = new EnvVars();
        if (node != null) {
            variables.put("NODE_NAME", node);
        }
        return variables;
    }

    private static String seen(String around, String there) {
        EnvVars env = on(there);
        new NodeEnvironment(on(around), Map.of("GIT_SSH_COMMAND", "evil")).expand(env);
        return env.get("GIT_SSH_COMMAND");
    }

    @Test
    void a06ANodeBlockInsideSeesNoVariablesOfTheAgentAround() {
        assertEquals("evil", seen("a1", "a1"));
        assertEquals(null, seen("a1", "built-in"));
        assertEquals(null, seen("a1", "a2"));
        assertEquals(null, seen("a1", null));
        assertEquals(null, seen(null, "a1"));
    }
}
