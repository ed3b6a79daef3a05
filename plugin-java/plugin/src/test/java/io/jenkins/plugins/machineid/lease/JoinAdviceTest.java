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
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.CheckTask;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a build's console says of a join, beyond what the library knows. */
class JoinAdviceTest {
    private String code = "join_rejected";
    private Object look = Answers.of(Blocks.ok(new JSONObject().put("cluster", "example.test").put("server_version", "15.4.2")));
    private JSONObject certificate;
    private final Answers.Box box = new Answers.Box();
    private final FakeChannel channel = new FakeChannel(this::answer);
    private final FakeAgent agent = new FakeAgent("a-advice", channel);

    private Object answer(Object task) {
        if (task instanceof KeyTask) {
            return box.key();
        }
        if (task instanceof CheckTask) {
            return look;
        }
        if (!(task instanceof AcquireTask)) {
            return Answers.of(Blocks.ok(new JSONObject().put("released", true).put("directory", "removed")));
        }
        JSONObject error = new JSONObject()
                .put("code", code).put("message", "refused").put("hint", "look at token/NAME").put("retry", "no");
        return Answers.of(certificate == null ? new JSONObject().put("error", error).toString() : Blocks.ok(Blocks.acquired(certificate)));
    }

    @AfterEach
    void delete() {
        agent.delete();
        ActiveLeases.get().dropGone();
        Blocks.configure("team-a/**");
    }

    private static JenkinsJoin signed(String form) {
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        join.setForm(form);
        return join;
    }

    private Blocks.Block block(String address, JoinMethod join) {
        return block(address, join, agent);
    }

    private static Blocks.Block block(String address, JoinMethod join, FakeAgent agent) {
        Blocks.configure("team-a/**");
        Identity identity = MachineIdConfiguration.get().identity("api");
        identity.setJoin(join);
        MachineIdConfiguration.get().setIdentities(List.of(identity));
        Blocks.moveTo(address);
        return new Blocks.Block(agent, new FakeRun("team-a/deploy", address + "#1"));
    }

    private String refused(String address, JoinMethod join) {
        Blocks.Block block = block(address, join);
        return assertThrows(AbortException.class, () -> block.session.acquire(block.run, block.listener(), false))
                .getMessage();
    }

    private long looks() {
        return channel.tasks.stream().filter(CheckTask.class::isInstance).count();
    }

    @Test
    void a_refusal_names_both_names_the_resource_and_the_page() {
        String told = refused("one.example.com", signed("kubernetes"));
        for (String part : List.of(
                "machine-id: refused; look at token/jenkins-api; ", "called 'example.test'", "for 'one.example.com'",
                "Cluster name in Teleport of cluster 'main'", "Manage Jenkins, Machine ID, Set up, how token resource 'jenkins-api'")) {
            assertTrue(told.contains(part), part + " isn't in " + told);
        }
        assertTrue(told.endsWith(" [join_rejected]"), told);
        assertEquals(1, looks());
        // It is known now, and isn't asked by each block that fails.
        assertTrue(refused("one.example.com", signed("gitlab")).contains("called 'example.test'"));
        assertEquals(1, looks());
    }

    /** Else an agent tells other teams' consoles what an administrator should type. */
    @Test
    void a_name_is_told_as_the_word_of_the_agent_that_said_it() {
        String told = refused("seven.example.com", signed("kubernetes"));
        assertTrue(told.contains("Agent a-advice reports that the cluster is called 'example.test'"), told);
        assertTrue(told.contains("Compare with \"tctl status\""), told);
        FakeAgent other = new FakeAgent("a-other", channel);
        try {
            Blocks.Block block = block("seven.example.com", signed("kubernetes"), other);
            told = assertThrows(AbortException.class, () -> block.session.acquire(block.run, block.listener(), false))
                    .getMessage();
            assertTrue(told.contains("Agent a-advice reports"), told);
            assertEquals(1, looks());
        } finally {
            other.delete();
        }
    }

    @Test
    void where_the_name_is_right_nothing_is_said_of_it() {
        assertFalse(refused("example.test", signed("kubernetes")).contains("called"));
        assertFalse(refused("two.example.com", signed("generic_oidc")).contains("called"));
    }

    @Test
    void a_cluster_that_does_not_tell_its_name_changes_nothing_of_the_refusal() {
        look = Answers.of("{\"error\":{\"code\":\"cluster_unreachable\",\"message\":\"gone\",\"hint\":\"\",\"retry\":\"no\"}}");
        String told = refused("three.example.com", signed("kubernetes"));
        assertTrue(told.contains("machine-id: refused; ") && told.endsWith("[join_rejected]") && !told.contains("gone"), told);
    }

    @Test
    void another_failure_is_no_refusal() {
        code = "cluster_unreachable";
        assertEquals(
                "machine-id: refused; look at token/jenkins-api [cluster_unreachable]", refused("four.example.com", signed("kubernetes")));
        assertEquals(0, looks());
    }

    @Test
    void a_secret_token_has_no_name_and_its_commands_are_on_the_page() {
        String told = refused("five.example.com", new TokenJoin());
        assertTrue(told.contains("token/NAME") && told.contains("Manage Jenkins, Machine ID, Set up, what to create"), told);
        assertEquals(0, looks());
    }

    @Test
    void the_first_line_tells_the_logins() throws Exception {
        certificate = Blocks.certificate().put("principals", new JSONArray(List.of("jenkins", "deploy", "-teleport-internal-join")));
        Blocks.Block block = block("six.example.com", signed("kubernetes"));
        block.session.acquire(block.run, block.listener(), false);
        String console = block.console.toString(StandardCharsets.UTF_8);
        assertTrue(console.contains("with roles api-workers, logins jenkins, deploy, valid until"), console);
        block.session.releaseNow(block.run);
        certificate.put("principals", new JSONArray(List.of("-teleport-nologin-7")));
        block = block("six.example.com", signed("kubernetes"));
        block.session.acquire(block.run, block.listener(), false);
        console = block.console.toString(StandardCharsets.UTF_8);
        assertTrue(console.contains("api-workers, without logins, valid until"), console);
        block.session.releaseNow(block.run);
    }
}
