// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.ExtensionList;
import io.jenkins.plugins.machineid.Nodes;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.report.AgentReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What agents' libraries have counted, and what an agent makes up. */
class AgentCountsAttackTest {
    private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");
    private static final String BEFORE = "2026-11-21T11:00:00.5Z";
    private static final String AFTER = "2026-11-21T13:00:00.5Z";

    private final List<String> told = new ArrayList<>();
    private final AgentCountObserver observer = new AgentCountObserver() {
        @Override
        public void counted(String identity, Tried what, String code, long by) {
            told.add(identity + " " + what + " " + code + " " + by);
        }
    };
    private final AgentCounts counts = new AgentCounts(START);

    @BeforeEach
    void observe() {
        Blocks.configure("team-a/**");
        ExtensionList.lookup(AgentCountObserver.class).add(observer);
    }

    @AfterEach
    void forget() {
        ExtensionList.lookup(AgentCountObserver.class).remove(observer);
    }

    private static JSONObject engine(String openedAt, String identity, JSONObject joins) {
        JSONObject told = new JSONObject().put("id", identity).put("counts", new JSONObject().put("joins", joins));
        return new JSONObject().put("opened_at", openedAt).put("identities", new JSONArray().put(told));
    }

    private static JSONObject joins(Object ok) {
        return new JSONObject().put("ok", ok);
    }

    /** What is told, of these engines. */
    private List<String> heard(String node, boolean whole, JSONObject... engines) throws Exception {
        List<Reply> replies = new ArrayList<>();
        for (JSONObject engine : engines) {
            replies.add(Blocks.reply(engine));
        }
        AgentReport report = AgentReport.of(node, Answers.status("{}"), replies, START);
        told.clear();
        counts.heard(
                node,
                replies,
                whole,
                Believed.of(MachineIdConfiguration.get().settings(), Map.of(node, report), Nodes::vouched));
        return List.copyOf(told);
    }

    @Test
    void what_is_more_than_the_last_time_is_told_once() throws Exception {
        assertEquals(List.of("api JOIN ok 2"), heard("a1", true, engine(AFTER, "api", joins(2))));
        assertEquals(List.of(), heard("a1", true, engine(AFTER, "api", joins(2))));
        assertEquals(List.of("api JOIN ok 1"), heard("a1", true, engine(AFTER, "api", joins(3))));
        // Another engine, for another configuration; then the first one is closed.
        JSONObject other = engine("2026-11-21T14:00:00Z", "api", joins(1));
        assertEquals(List.of("api JOIN ok 1"), heard("a1", true, engine(AFTER, "api", joins(3)), other));
        assertEquals(List.of(), heard("a1", true, other));
        // One that doesn't answer for once goes on from where it was.
        assertEquals(List.of(), heard("a1", false));
        assertEquals(List.of(), heard("a1", true, other));
    }

    @Test
    void what_was_counted_before_this_controller_began_is_not_counted_again() throws Exception {
        assertEquals(List.of(), heard("a1", true, engine(BEFORE, "api", joins(500))));
        assertEquals(List.of("api JOIN ok 2"), heard("a1", true, engine(BEFORE, "api", joins(502))));
        JSONObject failed = joins(502).put("join_rejected", 1);
        assertEquals(List.of("api JOIN join_rejected 1"), heard("a1", true, engine(BEFORE, "api", failed)));
    }

    @Test
    void what_was_counted_while_an_identity_was_not_allowed_is_not_counted_later() throws Exception {
        assertEquals(List.of(), heard("a1", true, engine(AFTER, "later", joins(500))));
        Identity later = new Identity("later", "main");
        later.setAllowedAgents(List.of("a*"));
        MachineIdConfiguration.get().setIdentities(List.of(later));
        assertEquals(List.of(), heard("a1", true, engine(AFTER, "later", joins(500))));
        assertEquals(List.of("later JOIN ok 1"), heard("a1", true, engine(AFTER, "later", joins(501))));
    }

    @Test
    void a15AnAgentCountsForItselfAndWithinLimits() throws Exception {
        assertEquals(List.of(), heard("evil", true, engine(AFTER, "api", joins(5))));
        assertEquals(List.of(), heard("a1", true, engine("never", "api", joins(5)), engine(AFTER, "made-up", joins(5))));
        JSONObject odd = new JSONObject().put("ok", -1).put("no_code", 5).put("join_rejected", "7").put("internal", 1.5);
        assertEquals(List.of(), heard("a1", true, engine(AFTER, "api", odd)));
        assertEquals(
                List.of("api JOIN ok " + AgentCounts.MOST_AT_ONCE),
                heard("a1", true, engine(AFTER, "api", joins(Long.MAX_VALUE))));
        JSONObject[] many = new JSONObject[500];
        for (int i = 0; i < many.length; i++) {
            many[i] = engine(START.plusSeconds(i).toString(), "api", joins(1));
        }
        assertTrue(heard("a2", true, many).size() <= AgentCounts.MOST);
    }
}
