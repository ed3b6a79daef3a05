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

    /** An empty variable takes one away that a client would believe more than ours; it makes none. */
    @Test
    void a_variable_that_would_win_is_taken_away_where_it_is() {
        EnvVars env = on("a1");
        env.put("PGHOSTADDR", "192.0.2.1");
        new NodeEnvironment(on("a1"), Map.of("PGHOST", "/d", "PGHOSTADDR", "", "PGSERVICE", "")).expand(env);
        assertEquals("/d", env.get("PGHOST"));
        assertEquals("", env.get("PGHOSTADDR"), "Jenkins starts nothing with an empty variable");
        assertEquals(null, env.get("PGSERVICE"));
    }
}
