// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Computer;
import hudson.model.FakeAgent;
import hudson.model.Item;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.DropTask;
import io.jenkins.plugins.machineid.agent.RenewTask;
import io.jenkins.plugins.machineid.agent.StatusTask;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.lease.Tried;
import io.jenkins.plugins.machineid.report.AgentReports;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.HttpRedirect;
import org.kohsuke.stapler.HttpResponse;

/** Who may see how agents stand, who may have them do something, and what a hostile agent makes of either. */
class HealthAttackTest {
    private static final String KEY = "api/a-health";

    private final FakeChannel channel = new FakeChannel(this::answer);
    private final FakeAgent agent = new FakeAgent("a-health", channel);
    private final HealthPage page = new HealthPage();
    private final NodePage nodePage = new NodePage(agent.computer());
    private String said = "{\"ok\":{\"expires_at\":\"2026-11-21T20:37:33Z\",\"dropped\":true}}";

    private Object answer(Object task) {
        return task instanceof StatusTask asked ? Answers.status(asked, status()) : Answers.of(said);
    }

    private static JSONObject identity() {
        return HealthViewTest.identity("api", "ready").put("expires_at", Instant.now().plusSeconds(3600).toString());
    }

    private static String status() {
        JSONObject status = new JSONObject().put("identities", new JSONArray().put(identity()));
        return new JSONObject().put("ok", status).toString();
    }

    @BeforeEach
    void configure() throws Exception {
        agent.online = true;
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("main", "teleport.example.com:443")));
        configure(new Identity("api", "main"));
        AgentReports.get()
                .heard("a-health", HealthViewTest.report("a-health", Instant.now(), new JSONArray(), identity()));
    }

    private void configure(Identity identity) {
        identity.setAllowedJobs(List.of("**"));
        identity.setAllowedAgents(List.of("a-health"));
        MachineIdConfiguration.get().setIdentities(List.of(identity));
    }

    @AfterEach
    void forget() {
        Jenkins.get().granted = null;
        agent.delete();
        AgentReports.get().forget("a-health");
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of());
    }

    private static Tried tried(HttpResponse response) {
        String url = ((HttpRedirect) response).url;
        Tried tried = Outcomes.of(url.substring(url.indexOf("tried=") + "tried=".length()));
        assertNotNull(tried, url);
        return tried;
    }

    @Test
    void a02NobodyButAnAdministratorHasAnAgentDoSomething() {
        agent.configurable = true;
        Jenkins.get().granted = Set.of(Jenkins.SYSTEM_READ, Item.CONFIGURE, Computer.CONFIGURE, Computer.CREATE);
        assertThrows(SecurityException.class, () -> page.doRenew(KEY, null));
        assertThrows(SecurityException.class, () -> page.doTest(KEY, null));
        assertThrows(SecurityException.class, () -> page.doDrop(KEY, null));
        assertThrows(SecurityException.class, () -> page.drop(KEY));
        assertThrows(SecurityException.class, () -> nodePage.doRenew(KEY));
        assertThrows(SecurityException.class, () -> nodePage.doTest(KEY));
        assertThrows(SecurityException.class, () -> nodePage.doDrop(KEY));
        assertThrows(SecurityException.class, () -> nodePage.drop(KEY));
        assertFalse(page.isActing() || nodePage.isActing());
        assertEquals(List.of(), channel.tasks);
    }

    @Test
    void a02NobodySeesWhoMayNotReadTheSystem() {
        Jenkins.get().granted = Set.of(Item.CONFIGURE, Computer.CREATE);
        assertThrows(SecurityException.class, page::getTarget);
        assertThrows(SecurityException.class, nodePage::getTarget);
        assertNull(nodePage.getIconFileName());
        Jenkins.get().granted = Set.of(Jenkins.SYSTEM_READ);
        assertSame(page, page.getTarget());
        assertSame(nodePage, nodePage.getTarget());
        assertNotNull(nodePage.getIconFileName());
        // Who may configure this agent sees this agent, and no other.
        Jenkins.get().granted = Set.of(Item.CONFIGURE);
        agent.configurable = true;
        assertSame(nodePage, nodePage.getTarget());
        assertThrows(SecurityException.class, page::getTarget);
        FakeAgent other = new FakeAgent("a-other", channel);
        assertThrows(SecurityException.class, new NodePage(other.computer())::getTarget);
        other.delete();
    }

    @Test
    void looking_asks_no_agent() {
        // Beside what other tests have left.
        assertTrue(page.getView().getRows().stream().anyMatch(row -> row.getAgent().equals("a-health")));
        assertEquals("ready", nodePage.getRows().get(0).getState());
        assertEquals(List.of(), channel.tasks);
    }

    @Test
    void each_action_tells_what_came_of_it_and_the_row_is_new() {
        Instant before = AgentReports.get().of("a-health").orElseThrow().heardAt();
        Tried renewed = tried(page.doRenew(KEY, null));
        assertEquals(List.of("Identity 'api' of agent a-health is renewed; it expires at 2026-11-21T20:37:33Z"), renewed.lines());
        assertTrue(channel.tasks.stream().anyMatch(RenewTask.class::isInstance));
        assertFalse(AgentReports.get().of("a-health").orElseThrow().heardAt().isBefore(before));
        assertEquals(List.of("Identity 'api' of agent a-health is dropped"), tried(nodePage.doDrop(KEY)).lines());
        assertTrue(channel.tasks.stream().anyMatch(DropTask.class::isInstance));
        said = "{\"error\":{\"code\":\"cluster_unreachable\",\"message\":\"refused\\u001b[31m\",\"hint\":\"look\",\"retry\":\"later\"}}";
        String failed = tried(page.doRenew(KEY, null)).lines().get(0);
        assertTrue(failed.contains("[cluster_unreachable]") && failed.indexOf('\u001b') < 0, failed);
    }

    @Test
    void a_node_page_acts_on_its_own_agent_whatever_is_asked_for() {
        assertTrue(tried(nodePage.doDrop("api/another")).lines().get(0).contains("agent a-health"));
        assertTrue(tried(page.doDrop("api/another", null)).lines().get(0).contains("There is no agent 'another'"));
        assertTrue(tried(page.doDrop("made-up/a-health", null)).lines().get(0).contains("made-up"));
        assertTrue(tried(page.doDrop(null, null)).lines().size() == 1);
    }

    @Test
    void what_joins_for_each_lease_is_neither_renewed_nor_dropped() {
        Identity identity = new Identity("api", "main");
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("t");
        identity.setJoin(join);
        configure(identity);
        assertTrue(tried(page.doRenew(KEY, null)).lines().get(0).contains("joins for each lease"));
        assertTrue(tried(page.doDrop(KEY, null)).lines().get(0).contains("joins for each lease"));
        assertTrue(channel.tasks.stream().noneMatch(task -> task instanceof RenewTask || task instanceof DropTask));
    }

    @Test
    void a02AnActionSendsNoTokenToAnAgentThatTheIdentityDoesNotAllow() {
        Identity identity = new Identity("api", "main");
        configure(identity);
        identity.setAllowedAgents(List.of("another"));
        MachineIdConfiguration.get().setIdentities(List.of(identity));
        assertTrue(tried(page.doRenew(KEY, null)).lines().get(0).contains("[policy_node]"));
        assertTrue(tried(page.doDrop(KEY, null)).lines().get(0).contains("[policy_node]"));
        assertTrue(channel.tasks.stream().allMatch(StatusTask.class::isInstance), channel.tasks.toString());
    }

    /** What an action answers leads to a page of ours, whatever came along, and a reload of that does nothing. */
    @Test
    void an_action_leads_back_to_the_page_and_nowhere_else() {
        String there = ((HttpRedirect) page.doTest(KEY, "?q=a%26b&state=locked&page=2")).url;
        assertTrue(there.startsWith(".?q=a%26b&state=locked&page=2&tried="), there);
        for (String hostile : List.of("//evil.example", "?x\r\nSet-Cookie: a=b", "?<script>", "/../..", "?" + "a".repeat(5000))) {
            String url = ((HttpRedirect) page.doTest(KEY, hostile)).url;
            assertTrue(url.matches("\\.\\?tried=[0-9a-f]{32}"), url);
        }
        int asked = channel.tasks.size();
        Tried once = tried(page.doRenew(KEY, ""));
        assertTrue(channel.tasks.size() > asked);
        assertEquals(1, once.lines().size());
        assertNull(Outcomes.of("0".repeat(32)));
        assertNull(Outcomes.of(null));
    }

    @Test
    void what_came_of_an_action_is_told_for_a_while_and_to_whoever_acted() {
        long[] now = new long[1];
        Outcomes outcomes = new Outcomes(() -> now[0]);
        String first = outcomes.address(Tried.warning("one"), "alice", "").substring(".?tried=".length());
        assertEquals(List.of("one"), outcomes.get(first, "alice").lines());
        assertEquals(List.of("one"), outcomes.get(first, "alice").lines());
        assertNull(outcomes.get(first, "bob"));
        for (int i = 0; i < 500; i++) {
            outcomes.address(Tried.warning("more"), "bob", "");
        }
        assertNull(outcomes.get(first, "alice"));
        String last = outcomes.address(Tried.warning("two"), "alice", "").substring(".?tried=".length());
        now[0] = java.time.Duration.ofMinutes(6).toNanos();
        assertNull(outcomes.get(last, "alice"));
    }

    @Test
    void dropping_says_first_what_it_means() {
        Drop drop = page.drop(KEY);
        assertEquals("Drop identity 'api' of agent a-health?", drop.getQuestion());
        assertTrue(drop.getMeaning().contains("fresh token"), drop.getMeaning());
        assertTrue(page.drop("made-up/a-health").getMeaning().contains("made-up"));
    }
}
