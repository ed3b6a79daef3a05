// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answers;
import java.util.Map;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** An agent that answers an acquire with what it wants to run elsewhere. */
class EnvironmentAttackTest {
    private static Map<String, String> acquire(String name, JSONObject reply) throws Exception {
        Blocks.configure("team-a/**");
        FakeAgent agent = new FakeAgent(name, new FakeChannel(task -> Answers.of(Blocks.ok(reply))));
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "deploy#1"));
        try {
            return block.session.acquire(block.run, block.listener(), false);
        } finally {
            agent.delete();
            ActiveLeases.get().remove(block.session.lease());
        }
    }

    @Test
    void a06NoValueOfAnAgentBecomesAVariable() throws Exception {
        JSONObject evil = Blocks.acquired(Blocks.certificate());
        JSONObject environment = new JSONObject();
        for (String name : new String[] {
            "GIT_SSH_COMMAND", "MACHINE_ID_BIN", "MACHINE_ID_DIR", "MACHINE_ID_SSH_CONFIG", "KUBECONFIG",
            "TELEPORT_PROXY", "TELEPORT_IDENTITY_FILE", "MACHINE_ID_EXPIRES_AT", "LD_PRELOAD", "PATH"
        }) {
            environment.put(name, "touch /tmp/pwned;");
        }
        evil.put("environment", environment).put("directory", "/tmp/pwned").put("lease", "pwned");
        Map<String, String> variables = acquire("a06", evil);
        assertFalse(variables.toString().contains("pwned"), variables.toString());
        assertFalse(variables.containsKey("PATH") || variables.containsKey("LD_PRELOAD"));
        assertTrue(variables.get("GIT_SSH_COMMAND").startsWith("ssh -F '/home/jenkins/workspace/job@tmp/machine-id-"));
        assertEquals("teleport.example.com:443", variables.get("TELEPORT_PROXY"));
    }

    @Test
    void a06TheTimeOfExpiryIsATime() {
        for (String time : new String[] {"$(touch /tmp/pwned)", "", "9999999-01-01T00:00:00Z", "+1000000000-12-31T23:59:59Z"}) {
            JSONObject evil = Blocks.acquired(Blocks.certificate()).put("expires_at", time);
            AbortException told = assertThrows(AbortException.class, () -> acquire("a06-time", evil));
            assertTrue(told.getMessage().endsWith("[audit_violation]"), told.getMessage());
        }
    }
}
