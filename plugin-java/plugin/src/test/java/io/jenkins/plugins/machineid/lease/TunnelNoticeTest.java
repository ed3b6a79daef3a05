// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.StatusTask;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A build hears why its clients aren't connected, while it runs and at its end. */
class TunnelNoticeTest {
    private static final String CUT = "tunnel to database \"orders\": a connection was cut: teleport:443 ended it in the middle";

    private List<String> failures = List.of();
    private final FakeAgent agent = new FakeAgent("a-tunnel", new FakeChannel(task -> task instanceof StatusTask
            ? Answers.status(Blocks.ok(new JSONObject().put("leases", new JSONArray(List.of(lease())))))
            : Answers.of(Blocks.ok(lease().put("released", true).put("directory", "removed")))));
    private final Blocks.Block block = Blocks.Block.withDatabase(agent, new FakeRun("team-a/deploy", "tunnel#1"));

    private JSONObject lease() {
        return Blocks.acquired()
                .put("lease", block.session.lease())
                .put("usable", true)
                .put("problem", "")
                .put("failures", new JSONArray(failures));
    }

    @AfterEach
    void delete() {
        ActiveLeases.get().remove(block.session.lease());
        agent.delete();
    }

    private List<String> round(String... next) throws Exception {
        failures = List.of(next);
        Sweep.run("a-tunnel", AgentLink.to(agent.computer()), false);
        return block.told();
    }

    @Test
    void each_cause_is_told_once_and_the_last_ones_at_the_end() throws Exception {
        assertEquals(List.of(), round());
        assertEquals(List.of("machine-id: a connection of this block failed: " + CUT), round(CUT));
        assertEquals(List.of(), round(CUT.replace("443", "3080")));
        failures = List.of(CUT, "tunnel to database \"orders\": a connection can't be made: no route to host");
        List<String> end = block.session.releaseNow(block.run).lines();
        assertEquals(2, end.size(), end.toString());
        assertTrue(end.get(0).endsWith("no route to host"), end.toString());
    }

    /** Nothing that an agent says is believed: each is one bounded line, and there are not many. */
    @Test
    void an_agent_can_flood_no_console() throws Exception {
        List<String> all = new ArrayList<>();
        for (int round = 0; round < 30; round++) {
            int from = round * 26;
            all.addAll(round(IntStream.range(0, 26)
                    .mapToObj(each -> "x".repeat(from + each) + "\n\u001b[2Jmachine-id: lies\u202e" + "y".repeat(5000))
                    .toArray(String[]::new)));
        }
        assertEquals(TunnelNotice.MOST, all.size());
        for (String line : all) {
            assertTrue(line.length() < TunnelNotice.LONGEST + 100, line);
            assertTrue(line.startsWith("machine-id: a connection of this block failed: "), line);
            assertTrue(line.chars().noneMatch(c -> c < ' ' || c == 0x202e), line);
        }
    }

    @Test
    void listeners_that_an_agent_has_kept_are_no_alarm() throws Exception {
        JSONArray asked = new JSONArray("[{\"type\":\"database\",\"port\":0}]");
        JSONObject told = new JSONObject("{\"tunnels\":[{\"protocol\":\"postgres\",\"port\":5000,\"kept\":true}]}");
        assertTrue(Listener.read(Blocks.reply(told), asked).get(0).kept());
    }
}
