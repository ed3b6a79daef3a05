// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.agent.AgentStatus;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

class AgentReportsTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private final AgentReports reports = new AgentReports();

    static AgentReport report(String agent, String status, Instant now) throws IOException {
        AgentStatus said = Answers.status(status);
        List<Reply> replies = new ArrayList<>();
        for (Object reply : said.getReplies()) {
            replies.add(Reply.read((byte[]) reply));
        }
        return AgentReport.of(agent, said, replies, now);
    }

    static String ok(JSONObject status) {
        return new JSONObject().put("ok", status).toString();
    }

    @Test
    void what_the_contract_tells_is_known_afterwards() throws Exception {
        String contract = Files.readString(Path.of("../../contract/status.reply.json"), StandardCharsets.UTF_8);
        AgentReport report = report("worker 1", contract, NOON);
        assertEquals(AgentReport.Library.USED, report.library());
        assertEquals("0.1.0", report.version());
        assertEquals("linux-x86_64", report.platform());
        IdentityReport identity = report.identities().get(0);
        assertEquals("ready", identity.state());
        assertEquals("renewed", identity.origin());
        assertEquals("token", identity.method());
        assertEquals(Instant.parse("2026-11-21T19:57:33Z"), identity.renewsAt());
        assertEquals("cluster_unreachable", identity.failing().code());
        assertEquals(Instant.parse("2026-11-21T19:40:02Z"), identity.failing().since());
        assertFalse(identity.failing().hint().isEmpty());
        Server server = identity.server();
        assertEquals("18.9.1", server.version());
        assertEquals("proxy", server.kind());
        assertEquals(-2, server.clockDifference());
        assertEquals(1, server.pins().size());
        assertEquals(Instant.parse("2036-11-18T10:00:00Z"), server.caExpiresAt());
        assertEquals(1, report.leasesOf("api").size());
        assertTrue(report.leasesOf("other").isEmpty());
        assertNotNull(report.number());
    }

    @Test
    void an_answer_that_nothing_has_changed_counts_where_something_is_known() throws Exception {
        assertTrue(reports.heardAgain("a", NOON).isEmpty());
        reports.heard("a", report("a", ok(new JSONObject()), NOON));
        AgentReport again = reports.heardAgain("a", NOON.plusSeconds(60)).orElseThrow();
        assertEquals(NOON.plusSeconds(60), again.heardAt());
        assertEquals(NOON, again.changedAt());
    }

    @Test
    void who_holds_nothing_is_asked_seldom_until_something_is_done_there() throws Exception {
        assertTrue(reports.isDue("a", false, NOON));
        reports.heard("a", report("a", ok(new JSONObject()), NOON));
        assertFalse(reports.isDue("a", false, NOON.plusSeconds(299)));
        assertTrue(reports.isDue("a", false, NOON.plusSeconds(300)));
        assertTrue(reports.isDue("a", true, NOON.plusSeconds(1)));
        reports.touched("a");
        assertTrue(reports.isDue("a", false, NOON.plusSeconds(1)));
        reports.heardAgain("a", NOON.plusSeconds(2));
        assertFalse(reports.isDue("a", false, NOON.plusSeconds(3)));
        JSONObject failing = new JSONObject()
                .put("identities", new JSONArray().put(new JSONObject().put("id", "api").put("failure", new JSONObject())));
        reports.heard("a", report("a", ok(failing), NOON));
        assertTrue(reports.isDue("a", false, NOON.plusSeconds(1)));
    }

    @Test
    void a_deleted_node_is_forgotten_also_by_an_answer_that_came_late() throws Exception {
        reports.heard("gone", report("gone", ok(new JSONObject()), NOON));
        reports.heard("here", report("here", ok(new JSONObject()), NOON));
        reports.forget("gone");
        reports.heard("gone", report("gone", ok(new JSONObject()), NOON));
        reports.retain("here"::equals);
        assertEquals(List.of("here"), List.copyOf(reports.all().keySet()));
    }

    @Test
    void why_the_library_can_not_be_used_is_a_sentence_of_ours() throws Exception {
        AgentStatus said =
                Answers.unused("windows-x86_64", Answers.unavailable(Reason.PLATFORM, "windows-x86_64<script>\u202e"));
        AgentReport report = AgentReport.of("w1", said, List.of(), NOON);
        assertEquals(AgentReport.Library.UNAVAILABLE, report.library());
        assertEquals("native_platform", report.problemCode());
        assertTrue(report.problem().contains("w1") && report.problem().indexOf('\u202e') < 0, report.problem());
        AgentReport unused = AgentReport.of("w2", Answers.unused("linux-x86_64", null), List.of(), NOON);
        assertEquals(AgentReport.Library.UNUSED, unused.library());
        assertEquals("", unused.problem());
    }

    @Test
    void a_number_is_sent_back_only_if_it_is_one() {
        assertNull(AgentReport.of("a", Answers.raw("p".repeat(1000), "n".repeat(1 << 20), new ArrayList<>()), List.of(), NOON)
                .number());
        AgentReport none = AgentReport.of("a", Answers.raw(null, null, new ArrayList<>()), List.of(), NOON);
        assertNull(none.number());
        assertEquals("", none.platform());
    }

    @Test
    void an_agent_that_does_not_answer_keeps_what_it_said_and_is_asked_for_all() throws Exception {
        reports.heard("a", report("a", ok(new JSONObject().put("identities", new JSONArray().put(new JSONObject().put("id", "api")))), NOON));
        reports.unanswered("a", "a", "first\nreason", NOON.plusSeconds(60));
        reports.unanswered("a", "a", "second", NOON.plusSeconds(120));
        AgentReport silent = reports.of("a").orElseThrow();
        assertEquals(List.of("second", NOON.plusSeconds(60)), List.of(silent.silence().why(), silent.silence().since()));
        assertEquals(1, silent.identities().size());
        assertNull(reports.number("a"));
        assertTrue(reports.isDue("a", false, NOON.plusSeconds(121)));
        reports.heard("a", report("a", ok(new JSONObject()), NOON.plusSeconds(180)));
        assertNull(reports.of("a").orElseThrow().silence());
        reports.unanswered("new", "New", "no answer", NOON);
        assertNull(reports.of("new").orElseThrow().heardAt());
        assertTrue(reports.isDue("new", false, NOON));
    }

    /** One engine's error leaves the others' word as it is, and its own identity as it was. */
    @Test
    void of_an_engine_that_does_not_answer_what_it_said_before_stays() throws Exception {
        JSONObject api = new JSONObject().put("id", "api").put("state", "ready");
        JSONObject web = new JSONObject().put("id", "web").put("state", "ready");
        reports.heard("a", report("a", ok(new JSONObject().put("identities", new JSONArray().put(api).put(web))), NOON));
        AgentStatus said = Answers.status(ok(new JSONObject()));
        List<Reply> rest = List.of(Reply.read(ok(new JSONObject().put("identities", new JSONArray().put(api)))
                .getBytes(StandardCharsets.UTF_8)));
        reports.heard("a", AgentReport.of("a", said, rest, "the store can't be read", NOON.plusSeconds(60)));
        AgentReport part = reports.of("a").orElseThrow();
        assertEquals(
                List.of(Condition.READY, Condition.SILENT),
                part.identities().stream().map(each -> Condition.of(part, each, true, NOON.plusSeconds(61))).toList());
        reports.heardAgain("a", NOON.plusSeconds(120));
        assertEquals(NOON.plusSeconds(60), reports.of("a").orElseThrow().silentSince(part.identities().get(1), NOON.plusSeconds(121)));
    }

    @Test
    void equal_texts_of_many_agents_are_kept_once() throws Exception {
        String contract = Files.readString(Path.of("../../contract/status.reply.json"), StandardCharsets.UTF_8);
        Server one = report("a", contract, NOON).identities().get(0).server();
        Server other = report("b", contract, NOON).identities().get(0).server();
        assertTrue(one.version() == other.version() && one.pins().get(0) == other.pins().get(0));
    }
}
