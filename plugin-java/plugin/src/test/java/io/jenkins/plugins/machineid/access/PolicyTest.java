// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.access.Refusal.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PolicyTest {
    private static final IdentityRule API = rule("api", List.of("api-workers", "db"), 7200, "team-a/**");
    private static final NodeFacts BOUND = node("a1", List.of("api"), "");
    private static final NodeFacts UNBOUND = new NodeFacts(
            "a2", "a2", false, true, label -> false, false, true, List.of(), "");

    private final List<Refusal> logged = new ArrayList<>();

    private static IdentityRule rule(String id, List<String> roles, long ttl, String... jobs) {
        return new IdentityRule(id, roles, ttl, List.of(jobs), AgentRule.named("a1", "a4"), false, true, List.of());
    }

    private static IdentityRule rule(AgentRule agents) {
        return new IdentityRule("api", List.of(), 3600, List.of("**"), agents, false, agents.by() != AgentRule.By.ANY, List.of());
    }

    private static NodeFacts node(String name, List<String> identities, String standard) {
        return new NodeFacts(name, name, false, true, label -> false, true, true, identities, standard);
    }

    private static NodeFacts builtIn(String... identities) {
        return new NodeFacts(
                "", "Built-In Node", true, true, label -> false, true, true, List.of(identities), "");
    }

    private Policy policy(IdentityRule... rules) {
        Map<String, IdentityRule> map = new java.util.HashMap<>();
        for (IdentityRule rule : rules) {
            map.put(rule.id(), rule);
        }
        return new Policy(map, logged::add);
    }

    private static Wish wish(String job, String identity, List<String> roles, long ttl) {
        return new Wish(job, identity, roles, ttl);
    }

    private void refused(Rule rule, Policy policy, Wish wish, NodeFacts node, String... facts) {
        Refusal refusal = assertThrows(Refusal.class, () -> policy.decide(wish, node));
        assertEquals(rule, refusal.rule(), refusal.getMessage());
        assertTrue(refusal.getMessage().endsWith("[" + rule.code() + "]"), refusal.getMessage());
        assertTrue(refusal.getMessage().lines().count() == 1, refusal.getMessage());
        for (String fact : facts) {
            assertTrue(refusal.getMessage().contains(fact), refusal.getMessage());
        }
    }

    @Test
    void a_block_without_arguments_takes_the_agents_only_identity() throws Refusal {
        Grant grant = policy(API).decide(wish("team-a/app", "", List.of(), 0), BOUND);
        assertEquals(new Grant("api", List.of("api-workers", "db"), 3600), grant);
    }

    @Test
    void the_agents_default_wins_over_the_order() throws Refusal {
        IdentityRule web = rule("web", List.of(), 600, "**");
        NodeFacts node = node("a1", List.of("api", "web"), "web");
        assertEquals(new Grant("web", List.of(), 600), policy(API, web).decide(wish("x", "", List.of(), 0), node));
    }

    @Test
    void several_identities_without_default_must_be_told_apart() {
        NodeFacts node = node("a1", List.of("api", "web"), "");
        refused(Rule.IDENTITY_MISSING, policy(API), wish("team-a/x", "", List.of(), 0), node, "a1");
    }

    @Test
    void an_agent_without_identities_says_so() {
        refused(Rule.IDENTITY_MISSING, policy(API), wish("team-a/x", "", List.of(), 0), UNBOUND, "a2");
    }

    @Test
    void an_unknown_identity_is_refused() {
        refused(Rule.JOB_NOT_ALLOWED, policy(API), wish("team-a/x", "nope", List.of(), 0), BOUND, "'nope'");
        assertTrue(logged.get(0).detail().contains("not configured"), logged.get(0).detail());
    }

    @Test
    void a_default_that_is_no_longer_configured_is_refused() {
        NodeFacts node = node("a1", List.of("gone"), "gone");
        refused(Rule.JOB_NOT_ALLOWED, policy(API), wish("team-a/x", "", List.of(), 0), node, "default");
        refused(Rule.NODE_NOT_ALLOWED, policy(API), wish(null, "", List.of(), 0), node, "'gone'");
    }

    @Test
    void a_job_outside_of_the_patterns_is_refused() {
        refused(Rule.JOB_NOT_ALLOWED, policy(API), wish("team-b/x", "api", List.of(), 0), BOUND, "team-b/x", "'api'");
        assertTrue(logged.get(0).detail().contains("team-a/**"), logged.get(0).detail());
    }

    @Test
    void without_patterns_no_job_is_allowed() {
        refused(Rule.JOB_NOT_ALLOWED, policy(rule("api", List.of(), 3600)), wish("x", "api", List.of(), 0), BOUND);
    }

    @Test
    void a_standing_destination_has_no_job_but_the_other_rules_hold() throws Refusal {
        policy(API).decide(wish(null, "api", List.of(), 0), BOUND);
        refused(Rule.NODE_NOT_ALLOWED, policy(API), wish(null, "api", List.of(), 0), UNBOUND);
        refused(Rule.ROLE_NOT_ALLOWED, policy(API), wish(null, "api", List.of("root"), 0), BOUND);
        refused(Rule.TTL_TOO_LONG, policy(API), wish(null, "api", List.of(), 7201), BOUND);
    }

    @Test
    void a_standing_destination_serves_no_job_that_the_identity_does_not_allow() throws Refusal {
        NodeFacts open = new NodeFacts("a1", "a1", false, true, label -> false, true, false, List.of("api"), "");
        refused(Rule.STANDING_OPEN, policy(API), wish(null, "api", List.of(), 0), open, "'api'", "a1");
        policy(rule("api", List.of(), 3600, "**")).decide(wish(null, "api", List.of(), 0), open);
        // A block asks for itself: what else runs there is not its matter.
        policy(API).decide(wish("team-a/x", "api", List.of(), 0), open);
    }

    @Test
    void an_agent_that_is_not_named_is_refused() {
        refused(Rule.NODE_NOT_ALLOWED, policy(API), wish("team-a/x", "api", List.of(), 0), UNBOUND, "a2");
    }

    @Test
    void a_named_agent_needs_no_binding_but_its_own_list_narrows() throws Refusal {
        NodeFacts unbound = new NodeFacts("a1", "a1", false, true, label -> false, false, true, List.of(), "");
        policy(API).decide(wish("team-a/x", "api", List.of(), 0), unbound);
        refused(Rule.NODE_NOT_ALLOWED, policy(API), wish("team-a/x", "api", List.of(), 0), node("a1", List.of("web"), ""));
        refused(Rule.NODE_NOT_ALLOWED, policy(API), wish("team-a/x", "api", List.of(), 0), node("a4", List.of(), ""));
    }

    @Test
    void names_are_patterns() throws Refusal {
        Policy policy = policy(rule(AgentRule.named("api-*")));
        policy.requireAgent("api", node("api-7", List.of("api"), ""));
        assertThrows(Refusal.class, () -> policy.requireAgent("api", node("my-api-7", List.of("api"), "")));
        assertThrows(Refusal.class, () -> policy.requireAgent("api", node("API-7", List.of("api"), "")));
    }

    @Test
    void a_label_narrows_names_and_decides_only_where_it_is_chosen() throws Refusal {
        NodeFacts labelled = new NodeFacts(
                "a9", "a9", false, true, "linux && api"::equals, true, true, List.of("api"), "");
        Policy alone = policy(rule(new AgentRule(AgentRule.By.LABEL, List.of(), "linux && api")));
        alone.requireAgent("api", labelled);
        assertThrows(Refusal.class, () -> alone.requireAgent("api", BOUND));
        Policy both = policy(rule(new AgentRule(AgentRule.By.NAMES, List.of("a9", "a1"), "linux && api")));
        both.requireAgent("api", labelled);
        assertThrows(Refusal.class, () -> both.requireAgent("api", BOUND));
        Policy none = policy(rule(new AgentRule(AgentRule.By.NAMES, List.of(), "linux && api")));
        assertThrows(Refusal.class, () -> none.requireAgent("api", labelled));
    }

    @Test
    void any_agent_means_those_without_a_list_of_their_own() throws Refusal {
        IdentityRule rule = rule(new AgentRule(AgentRule.By.ANY, List.of(), ""));
        policy(rule).decide(wish("x", "api", List.of(), 0), UNBOUND);
        refused(Rule.NODE_NOT_ALLOWED, policy(rule), wish("x", "api", List.of(), 0), node("a3", List.of("web"), ""), "a3");
        refused(Rule.NODE_NOT_ALLOWED, policy(rule), wish("x", "api", List.of(), 0), node("a4", List.of(), ""), "a4");
    }

    @Test
    void the_built_in_node_needs_its_own_permission_even_when_bound() throws Refusal {
        refused(Rule.BUILT_IN_NODE, policy(API), wish("team-a/x", "api", List.of(), 0), builtIn("api"), "controller");
        IdentityRule everywhere = rule(new AgentRule(AgentRule.By.ANY, List.of(), ""));
        refused(Rule.BUILT_IN_NODE, policy(everywhere), wish("x", "api", List.of(), 0), builtIn("api"));
        IdentityRule allowed =
                new IdentityRule("api", List.of(), 3600, List.of("**"), AgentRule.named(), true, true, List.of());
        policy(allowed).decide(wish("x", "api", List.of(), 0), builtIn("api"));
    }

    @Test
    void roles_are_a_subset() throws Refusal {
        assertEquals(
                List.of("db"),
                policy(API).decide(wish("team-a/x", "api", List.of("db"), 0), BOUND).roles());
        refused(Rule.ROLE_NOT_ALLOWED, policy(API), wish("team-a/x", "api", List.of("db", "root"), 0), BOUND, "'root'");
    }

    @Test
    void without_roles_of_its_own_an_identity_leaves_them_to_the_cluster() throws Refusal {
        assertEquals(
                List.of("any"),
                policy(rule("api", List.of(), 3600, "**"))
                        .decide(wish("x", "api", List.of("any"), 0), BOUND)
                        .roles());
    }

    @Test
    void the_ttl_has_a_cap() throws Refusal {
        assertEquals(7200, policy(API).decide(wish("team-a/x", "api", List.of(), 7200), BOUND).ttlSeconds());
        refused(Rule.TTL_TOO_LONG, policy(API), wish("team-a/x", "api", List.of(), 7201), BOUND, "2h");
    }
}
