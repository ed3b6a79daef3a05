// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.Nodes;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.lease.Believed;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import io.jenkins.plugins.machineid.reply.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthViewTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private final Map<String, AgentReport> reports = new LinkedHashMap<>();
    private Set<String> online;

    @BeforeEach
    void configure() {
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("main", "teleport.example.com:443")));
        MachineIdConfiguration.get().setIdentities(List.of(allowed("api"), allowed("web")));
    }

    private static Identity allowed(String id) {
        Identity identity = new Identity(id, "main");
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-" + id);
        identity.setJoin(join);
        identity.setAgentsBy("any");
        return identity;
    }

    static JSONObject identity(String id, String state) {
        return new JSONObject()
                .put("id", id)
                .put("state", state)
                .put("cluster", "example.test")
                .put("bot", "bot-" + id)
                .put("method", "token")
                .put("origin", "joined")
                .put("expires_at", "2026-11-21T12:40:00Z")
                .put("renews_at", "2026-11-21T12:20:00Z")
                .put("reason", "");
    }

    private static JSONObject server(String version, long clock) {
        return new JSONObject()
                .put("cluster", "example.test")
                .put("version", version)
                .put("address", "teleport.example.com:443")
                .put("kind", "proxy")
                .put("upgraded", false)
                .put("clock_difference_seconds", clock)
                .put("ca_pins", new JSONArray().put("sha256:" + "a".repeat(64)))
                .put("ca_expires_at", "2026-12-01T12:00:00Z")
                .put("seen_at", "2026-11-21T11:00:00Z");
    }

    private static JSONObject failure(String code, String message) {
        return new JSONObject()
                .put("code", code)
                .put("message", message)
                .put("hint", "check the network")
                .put("since", "2026-11-21T11:30:00Z");
    }

    static AgentReport report(String agent, Instant heard, JSONArray leases, JSONObject... identities) throws Exception {
        JSONObject status = new JSONObject()
                .put("version", "0.1.0")
                .put("identities", new JSONArray(Arrays.asList(identities)))
                .put("leases", leases);
        String text = new JSONObject().put("ok", status).toString();
        List<Reply> replies = List.of(Reply.read(text.getBytes(StandardCharsets.UTF_8)));
        return AgentReport.of(agent, Answers.status(text), replies, heard);
    }

    private void agent(String agent, JSONObject... identities) throws Exception {
        reports.put(agent, report(agent, NOON.minusSeconds(30), new JSONArray(), identities));
    }

    private HealthView view(Query query) {
        Set<String> there = online == null ? reports.keySet() : online;
        Believed believed = Believed.of(MachineIdConfiguration.get().settings(), reports, Nodes::vouched);
        return new HealthView(Fleet.of(believed, there, NOON), query);
    }

    private static Query query(String text, String state, String identity, String cluster, String sort, String page) {
        return Query.of(text, state, identity, cluster, sort, page);
    }

    private static List<String> agents(HealthView view) {
        return view.getRows().stream().map(Row::getAgent).toList();
    }

    private void eachState() throws Exception {
        agent("ready", identity("api", "ready"));
        agent("locked", identity("api", "locked").put("reason", "lock by admin"));
        agent("token", identity("api", "needs_rejoin").put("reason", "generation mismatch"));
        agent("away", identity("api", "ready").put("failure", failure("cluster_unreachable", "teleport.example.com:443 can't be reached")));
        agent("expired", identity("api", "ready").put("expires_at", "2026-11-21T11:59:59Z"));
        agent("each", identity("web", "new").put("given", true).put("expires_at", JSONObject.NULL));
        agent("fresh", identity("api", "new").put("expires_at", JSONObject.NULL));
        JSONObject lease = new JSONObject().put("lease", "l").put("identity", "api").put("usable", true).put("problem", "disk full");
        reports.put("lease", report("lease", NOON, new JSONArray().put(lease), identity("api", "ready")));
        reports.put(
                "windows",
                AgentReport.of(
                        "windows",
                        Answers.unused(
                                "windows-x86_64",
                                Answers.unavailable(
                                        io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason.PLATFORM,
                                        "windows-x86_64")),
                        List.of(),
                        NOON));
        reports.put("idle", AgentReport.of("idle", Answers.unused("linux-x86_64", null), List.of(), NOON));
    }

    @Test
    void the_worst_comes_first() throws Exception {
        eachState();
        assertEquals(
                List.of("locked", "token", "expired", "windows", "away", "lease", "ready", "each", "fresh", "idle"),
                agents(view(Query.ALL)));
        assertEquals(
                List.of("locked", "needs_token", "expired", "unavailable", "failing", "lease_failing", "ready", "each_lease",
                        "unused", "unused"),
                view(Query.ALL).getRows().stream().map(Row::getState).toList());
    }

    @Test
    void each_row_says_what_is_wrong_and_what_to_do() throws Exception {
        eachState();
        Row away = view(query("", "failing", "", "", "", "")).getRows().get(0);
        assertEquals("teleport.example.com:443 can't be reached", away.getProblem());
        assertEquals("cluster_unreachable", away.getCode());
        assertEquals("check the network", away.getHint());
        assertEquals("2026-11-21T11:30:00Z", away.getSince());
        assertEquals("30 min ago", away.getSinceText());
        assertEquals("in 40 min", away.getExpires());
        assertEquals("in 20 min", away.getRenews());
        assertEquals("30 s ago", away.getHeard());
        assertEquals("joined by token", away.getOriginText());
        assertEquals("main", away.getCluster());
        assertEquals("generation mismatch", view(query("", "needs_token", "", "", "", "")).getRows().get(0).getProblem());
        assertEquals("disk full", view(query("", "lease_failing", "", "", "", "")).getRows().get(0).getProblem());
        Row windows = view(query("", "unavailable", "", "", "", "")).getRows().get(0);
        assertEquals("native_platform", windows.getCode());
        assertNull(windows.getIdentity());
        assertFalse(windows.isTestable());
    }

    @Test
    void who_is_offline_is_shown_so_unless_somebody_has_to_act() throws Exception {
        eachState();
        online = Set.of();
        assertEquals(
                List.of("locked", "token", "windows"), agents(view(query("", "trouble", "", "", "", ""))));
        assertTrue(view(query("", "offline", "", "", "", "")).getRows().stream().noneMatch(Row::isTestable));
    }

    @Test
    void what_is_asked_for_is_found_whatever_its_case_and_nonsense_asks_for_all() throws Exception {
        eachState();
        assertEquals(List.of("away"), agents(view(query("CAN'T BE REACHED", "", "", "", "", ""))));
        assertEquals(List.of("each"), agents(view(query("", "", "web", "", "", ""))));
        assertEquals(List.of(), agents(view(query("", "", "", "other", "", ""))));
        assertEquals(8, view(query("", "", "", "main", "", "")).getFound());
        assertEquals(10, view(query(null, null, null, null, "sideways", "-7")).getFound());
        assertEquals(1, view(query("", "", "", "", "", "99999999999999")).getPage());
        assertEquals("away", agents(view(query("", "", "", "", "agent", ""))).get(0));
        assertEquals("expired", agents(view(query("", "", "", "", "expiry", ""))).get(0));
    }

    @Test
    void a_link_keeps_what_was_asked_for_and_escapes_it() {
        Query query = query("a&b=\"<script>\"", "failing", "api", "main", "heard", "3");
        assertEquals("?q=a%26b%3D%22%3Cscript%3E%22&state=failing&identity=api&cluster=main&sort=heard&page=4", query.link(4));
        assertTrue(query.inState("locked").endsWith("&state=locked&identity=api&cluster=main&sort=heard&page=1"), query.inState("locked"));
    }

    @Test
    void pages_have_a_hundred_rows_and_the_last_one_what_is_left() throws Exception {
        for (int i = 0; i < 250; i++) {
            agent(String.format("a%03d", i), identity("api", "ready"));
        }
        HealthView first = view(Query.ALL);
        assertEquals(List.of(1, 100, 250, 3), List.of(first.getFirst(), first.getLast(), first.getFound(), first.getPages()));
        assertNull(first.getPrevious());
        assertTrue(first.getNext().endsWith("&page=2"), first.getNext());
        HealthView last = view(query("", "", "", "", "agent", "77"));
        assertEquals(List.of(3, 201, 250), List.of(last.getPage(), last.getFirst(), last.getLast()));
        assertEquals("a249", last.getRows().get(49).getAgent());
        assertNull(last.getNext());
    }

    @Test
    void a_cluster_is_what_most_agents_say_and_what_others_say_is_counted() throws Exception {
        for (int i = 0; i < 20; i++) {
            agent("a" + i, identity("api", "ready").put("server", server("18.9.1", -2)));
        }
        agent("liar", identity("api", "ready").put("server", server("99.0.0", 86_400)), identity("made-up", "ready")
                .put("cluster", "evil<b>").put("server", server("1.0.0", 0)));
        List<ClusterSummary> clusters = view(Query.ALL).getClusters();
        assertEquals(List.of("main"), clusters.stream().map(ClusterSummary::getName).toList());
        ClusterSummary main = clusters.get(0);
        assertEquals(List.of("18.9.1 (20 agents)", "99.0.0 (agent liar)"), main.getVersions());
        assertEquals(List.of("proxy teleport.example.com:443"), main.getAddresses());
        assertEquals(-2, main.getClockDifference());
        assertEquals("-2 s; at most 86,400 s, on agent liar", main.getClockText());
        assertEquals(List.of("liar", 86_400L), List.of(main.getClockAgent(), main.getLargestClockDifference()));
        assertEquals(List.of(10L, "21 agents"), List.of(main.getCaDaysLeft(), main.getCaAgents()));
        // What an agent makes up is nothing that the table can be narrowed to.
        assertEquals(List.of("api", "web"), view(Query.ALL).getIdentityChoices());
        assertEquals(List.of("main"), view(Query.ALL).getClusterChoices());
    }

    @Test
    void whose_clock_differs_most_is_named_only_if_it_differs_more_than_most() throws Exception {
        for (int i = 0; i < 3; i++) {
            agent("a" + i, identity("api", "ready").put("server", server("18.9.1", 2)));
        }
        assertEquals("2 s", view(Query.ALL).getClusters().get(0).getClockText());
        agent("late", identity("api", "ready").put("server", server("18.9.1", -90)));
        assertEquals("2 s; at most -90 s, on agent late", view(Query.ALL).getClusters().get(0).getClockText());
    }

    @Test
    void an_agent_with_many_identities_has_one_voice_and_is_named_at_the_end_of_the_authority() throws Exception {
        List<Identity> configured = new ArrayList<>();
        JSONObject[] many = new JSONObject[50];
        for (int i = 0; i < many.length; i++) {
            configured.add(allowed("i" + i));
            many[i] = identity("i" + i, "ready").put("server", server("1.0." + i, i).put("ca_expires_at", "2026-11-22T12:00:00Z"));
        }
        configured.add(allowed("api"));
        MachineIdConfiguration.get().setIdentities(configured);
        agent("liar", many);
        for (int i = 0; i < 3; i++) {
            agent("a" + i, identity("api", "ready").put("server", server("18.9.1", 0)));
        }
        ClusterSummary main = view(Query.ALL).getClusters().get(0);
        assertEquals(4, main.getReports());
        assertEquals("18.9.1 (3 agents: a0, a1, a2)", main.getVersions().get(0));
        assertEquals("2026-12-01T12:00:00Z", main.getCaExpiresAt());
        assertEquals("3 agents: a0, a1, a2", main.getCaAgents());
        assertEquals(List.of("2026-11-22T12:00:00Z (agent liar)"), main.getOtherCaEnds());
    }

    @Test
    void an_identity_that_an_agent_may_not_use_has_no_row() throws Exception {
        Identity api = new Identity("api", "main");
        api.setAllowedAgents(List.of("a*"));
        MachineIdConfiguration.get().setIdentities(List.of(api));
        agent("a1", identity("api", "ready"));
        agent("evil", identity("api", "locked"), identity("made-up", "locked"));
        HealthView view = view(Query.ALL);
        assertEquals(List.of("a1", "evil"), agents(view));
        assertEquals(List.of("ready", "unused"), view.getRows().stream().map(Row::getState).toList());
    }

    @Test
    void who_is_connected_and_does_not_answer_is_shown_so_with_its_age() throws Exception {
        AgentReports known = AgentReports.get();
        known.heard("quiet", report("quiet", NOON.minusSeconds(300), new JSONArray(), identity("api", "ready"), identity("web", "locked")));
        known.unanswered("quiet", "quiet", "Agent quiet didn't answer", NOON.minusSeconds(240));
        known.unanswered("never", "never", "Agent never didn't answer", NOON.minusSeconds(60));
        reports.put("quiet", known.of("quiet").orElseThrow());
        reports.put("never", known.of("never").orElseThrow());
        reports.put("old", report("old", NOON.minus(AgentReports.OLD), new JSONArray(), identity("api", "ready")));
        known.forget("quiet");
        known.forget("never");
        HealthView view = view(query("", "", "", "", "agent", ""));
        assertEquals(
                List.of("never silent", "old silent", "quiet locked", "quiet silent"),
                view.getRows().stream().map(row -> row.getAgent() + " " + row.getState()).toList());
        Row quiet = view.getRows().get(3);
        assertEquals(List.of("Agent quiet didn't answer", "4 min ago"), List.of(quiet.getProblem(), quiet.getSinceText()));
        assertEquals("15 min ago", view.getRows().get(1).getSinceText());
        online = Set.of();
        assertEquals("offline", view(query("", "", "", "", "agent", "")).getRows().get(0).getState());
    }

    /** For docs/performance.md: 10,000 agents with two identities each. */
    @Test
    void ten_thousand_agents_are_looked_through_in_a_moment() throws Exception {
        Map<String, AgentReport> many = new HashMap<>();
        long before = used();
        for (int i = 0; i < 10_000; i++) {
            String state = i % 1000 == 0 ? "locked" : "ready";
            JSONObject api = identity("api", state).put("server", server("18.9.1", i % 5));
            JSONObject web = identity("web", "ready").put("server", server("18.9.1", i % 5));
            if (i % 100 == 1) {
                api.put("failure", failure("cluster_unreachable", "teleport.example.com:443 can't be reached: connection refused"));
            }
            JSONArray leases = new JSONArray();
            for (int lease = 0; lease < 2; lease++) {
                leases.put(new JSONObject()
                        .put("lease", String.format("%032x", i * 2 + lease))
                        .put("identity", "api")
                        .put("expires_at", "2026-11-21T12:40:00Z")
                        .put("usable", true));
            }
            many.put("agent-" + i, report("agent-" + i, NOON.minusSeconds(i % 300), leases, api, web));
        }
        long bytes = used() - before;
        reports.putAll(many);
        List<Query> queries = List.of(
                Query.ALL, query("REFUSED", "", "", "", "", ""), query("", "trouble", "api", "main", "expiry", "1"),
                query("", "", "", "", "agent", "150"));
        List<Long> times = new ArrayList<>();
        var threads = java.lang.management.ManagementFactory.getThreadMXBean();
        for (int round = 0; round < 10; round++) {
            for (Query query : queries) {
                // Of this thread alone: the machine may do other things besides.
                long begun = threads.getCurrentThreadCpuTime();
                HealthView view = view(query);
                view.getClusters();
                view.getCounts();
                view.getRows().forEach(row -> row.getProblem());
                times.add((threads.getCurrentThreadCpuTime() - begun) / 1_000_000);
            }
        }
        times.sort(null);
        System.out.printf(
                "health page, 10,000 agents x 2 identities: %d MiB, the model %d ms of processor time (median of %d), %d ms at most%n",
                bytes >> 20, times.get(times.size() / 2), times.size(), times.get(times.size() - 1));
        assertEquals(20_000, view(Query.ALL).getFound());
        assertEquals(10 + 100, view(query("", "trouble", "", "", "", "")).getFound());
        assertEquals("locked", view(Query.ALL).getRows().get(0).getState());
    }

    private static long used() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
