// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A long block hears that its certificates can't be renewed while they still hold. */
class RenewalNoticeTest {
    private static final String UNREACHABLE = "the cluster can't be reached at port %d; check the network [cluster_unreachable]";

    private String problem = "";
    private boolean usable = true;
    private final FakeAgent agent = new FakeAgent("a-notice", new FakeChannel(task -> Answers.status(status())));
    private final Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "notice#1"));

    private String status() {
        JSONObject lease = Blocks.acquired(Blocks.certificate())
                .put("lease", block.session.lease())
                .put("expires_at", "2026-11-21T20:37:33Z")
                .put("usable", usable)
                .put("problem", problem);
        return Blocks.ok(new JSONObject().put("leases", new JSONArray(List.of(lease))));
    }

    @AfterEach
    void delete() {
        ActiveLeases.get().remove(block.session.lease());
        agent.delete();
    }

    private List<String> round(String next) throws Exception {
        problem = next;
        block.console.reset();
        Sweep.run("a-notice", AgentLink.to(agent.computer()), false);
        return block.console.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void once_for_each_cause_and_again_when_it_is_over() throws Exception {
        assertEquals(List.of(), round(""));
        assertEquals(
                List.of("machine-id: the certificates of 'api' can't be renewed at the moment, and are valid until"
                        + " 2026-11-21T20:37:33Z: " + String.format(UNREACHABLE, 3025)),
                round(String.format(UNREACHABLE, 3025)));
        assertEquals(List.of(), round(String.format(UNREACHABLE, 3026)));
        assertEquals(1, round("the bot is locked [bot_locked]").size());
        usable = false;
        assertEquals(
                List.of("machine-id: the certificates of 'api' can't be used any more: expired at 2026-11-21T20:37:33Z"),
                round("expired at 2026-11-21T20:37:33Z"));
        usable = true;
        assertEquals(
                List.of("machine-id: the certificates of 'api' are renewed again, valid until 2026-11-21T20:37:33Z"), round(""));
        assertEquals(List.of(), round(""));
        assertEquals(1, round(String.format(UNREACHABLE, 3025)).size());
    }

    /** An agent's words make one line, whatever is in them. */
    @Test
    void an_agent_writes_no_lines_of_its_own() throws Exception {
        assertEquals(1, round("one\nmachine-id: two\u001b[31m").size());
    }
}
