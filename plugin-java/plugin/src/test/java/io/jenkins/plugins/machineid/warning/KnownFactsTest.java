// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.Nodes;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.lease.Believed;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.report.Failing;
import io.jenkins.plugins.machineid.report.IdentityReport;
import io.jenkins.plugins.machineid.report.Server;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is taken from agents' reports, and what isn't. */
class KnownFactsTest {
    private static final Instant NOW = Known.NOW;
    private static final KeyNews.News NEWS = new KeyNews.News(null, List.of());

    @BeforeEach
    void configure() {
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("main", "teleport.example.com:443")));
        Identity api = new Identity("api", "main");
        api.setAllowedAgents(List.of("a*", "evil"));
        Identity web = new Identity("web", "main");
        web.setAllowedAgents(List.of("a*"));
        MachineIdConfiguration.get().setIdentities(List.of(api, web));
    }

    @AfterEach
    void reset() {
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of());
    }

    private static IdentityReport identity(String id, String state, Failing failing, Server server) {
        return new IdentityReport(
                id, state, "example.com", "bot-api", NOW.plusSeconds(60), 1, true, "", "token", false, "kept", NOW, true, true,
                failing, server);
    }

    private static AgentReport report(String agent, String problem, Instant heard, IdentityReport... identities) {
        return new AgentReport(
                agent, AgentReport.Library.USED, problem.isEmpty() ? "" : "No.", problem, "0.1.0", "linux-aarch64",
                null, List.of(identities), List.of(), null, heard, heard, null);
    }

    private static Facts facts(AgentReport... reports) {
        Settings settings = MachineIdConfiguration.get().settings();
        Map<String, AgentReport> said = new LinkedHashMap<>();
        for (AgentReport report : reports) {
            said.put(report.agent(), report);
        }
        return KnownFacts.of(settings, NEWS, Believed.of(settings, said, Nodes::vouched), NOW);
    }

    private static Server server(String version) {
        return new Server("example.com", version, "teleport.example.com:443", "proxy", false, null, List.of(), NOW, NOW);
    }

    @Test
    void an_agent_tells_of_configured_identities_by_their_names() {
        Failing failing = new Failing("cluster_unreachable", "refused", "", NOW.minusSeconds(300));
        Facts facts = facts(report(
                "a1",
                "",
                NOW,
                identity("api", "ready", failing, server("18.1.2")),
                identity("web", "locked", null, null)));
        assertEquals(List.of("api", "web"), facts.members().stream().map(Facts.Member::identity).toList());
        Facts.Member first = facts.members().get(0);
        assertEquals(Condition.FAILING, first.condition());
        assertEquals("cluster_unreachable", first.code());
        assertTrue(first.subset());
        assertEquals("main", first.cluster());
        assertEquals(Condition.LOCKED, facts.members().get(1).condition());
        assertEquals("18.1.2", facts.clusters().get(0).version().toString());
        assertEquals("main", facts.clusters().get(0).name());
    }

    /** Else one agent's word would make an alarm about whatever it likes. */
    @Test
    void what_an_agent_makes_up_is_nothing() {
        Failing forged = new Failing("<b>code</b>", "x", "", null);
        List<IdentityReport> made = new ArrayList<>();
        made.add(identity("api", "ready", forged, server("<script>99")));
        for (int i = 0; i < 99; i++) {
            made.add(identity("made-up-" + i, "locked", null, server("99.0.0")));
        }
        Facts facts = facts(report("evil", "", NOW, made.toArray(IdentityReport[]::new)));
        assertEquals(List.of("api"), facts.members().stream().map(Facts.Member::identity).toList());
        assertEquals("internal", facts.members().get(0).code());
        assertEquals(1, facts.clusters().size());
        assertNull(facts.clusters().get(0).version());
    }

    /** It would say that another team's bot is locked, or that a cluster's authority ends. */
    @Test
    void what_an_agent_says_of_an_identity_that_it_may_not_use_is_nothing() {
        Facts facts = facts(
                report("evil", "", NOW, identity("web", "locked", null, server("99.0.0"))),
                report("a1", "", NOW, identity("web", "ready", null, server("18.1.2"))));
        assertEquals(List.of("a1"), facts.members().stream().map(Facts.Member::agent).toList());
        assertEquals(List.of("18.1.2"), facts.clusters().stream().map(each -> each.version().toString()).toList());
    }

    /** A hundred identities of one cluster are one voice. */
    @Test
    void an_agent_speaks_of_a_cluster_once() {
        Facts facts = facts(report(
                "a1", "", NOW, identity("api", "ready", null, server("18.1.2")), identity("web", "ready", null, server("18.1.2"))));
        assertEquals(1, facts.clusters().size());
    }

    @Test
    void of_an_agent_that_is_away_only_what_somebody_has_to_mend_counts() {
        Instant long_ago = NOW.minus(AgentReports.OLD).minusSeconds(1);
        Failing failing = new Failing("cluster_unreachable", "refused", "", long_ago);
        Facts facts = facts(
                report("a1", "", long_ago, identity("api", "ready", failing, server("99.0.0"))),
                report("a2", "", long_ago, identity("api", "locked", null, null)),
                report("a3", "", NOW.minus(Duration.ofMinutes(6)), identity("api", "ready", null, null)));
        assertEquals(
                List.of(Condition.OFFLINE, Condition.LOCKED, Condition.READY),
                facts.members().stream()
                        .sorted(Comparator.comparing(Facts.Member::agent))
                        .map(Facts.Member::condition)
                        .toList());
        assertEquals(List.of(), facts.clusters());
        assertEquals(List.of(Cause.LOCKED), Warnings.of(facts, NOW).stream().map(Warning::cause).toList());
    }

    @Test
    void platforms_without_a_library_and_no_other_trouble_of_it() {
        Facts facts = facts(report("m1", "native_platform", NOW), report("m2", "native_noexec", NOW), report("m3", "", NOW));
        assertEquals(List.of(new Facts.Platform("m1", "linux-aarch64")), facts.platforms());
    }
}
