// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.access.Refusal.Rule;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PolicyTest {
    private static final IdentityRule API =
            new IdentityRule("api", List.of("api-workers", "db"), 7200, List.of("team-a/**"), true, false);
    private static final NodeFacts BOUND = new NodeFacts("a1", false, true, List.of("api"), "");
    private static final NodeFacts UNBOUND = new NodeFacts("a2", false, false, List.of(), "");

    private static Policy policy(IdentityRule... rules) {
        Map<String, IdentityRule> map = new java.util.HashMap<>();
        for (IdentityRule rule : rules) {
            map.put(rule.id(), rule);
        }
        return new Policy(map);
    }

    private static Wish wish(String job, String identity, List<String> roles, long ttl) {
        return new Wish(job, identity, roles, ttl);
    }

    private static void refused(Rule rule, Policy policy, Wish wish, NodeFacts node, String... facts) {
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
        IdentityRule web = new IdentityRule("web", List.of(), 600, List.of("**"), true, false);
        NodeFacts node = new NodeFacts("a1", false, true, List.of("api", "web"), "web");
        assertEquals(new Grant("web", List.of(), 600), policy(API, web).decide(wish("x", "", List.of(), 0), node));
    }

    @Test
    void several_identities_without_default_must_be_told_apart() {
        NodeFacts node = new NodeFacts("a1", false, true, List.of("api", "web"), "");
        refused(Rule.IDENTITY_MISSING, policy(API), wish("team-a/x", "", List.of(), 0), node, "api, web");
    }

    @Test
    void an_agent_without_identities_says_so() {
        refused(Rule.IDENTITY_MISSING, policy(API), wish("team-a/x", "", List.of(), 0), UNBOUND, "a2");
    }

    @Test
    void an_unknown_identity_is_refused() {
        refused(Rule.IDENTITY_UNKNOWN, policy(API), wish("team-a/x", "nope", List.of(), 0), BOUND, "'nope'");
    }

    @Test
    void a_default_that_is_no_longer_configured_is_refused() {
        NodeFacts node = new NodeFacts("a1", false, true, List.of("gone"), "gone");
        refused(Rule.IDENTITY_UNKNOWN, policy(API), wish("team-a/x", "", List.of(), 0), node, "'gone'");
    }

    @Test
    void a_job_outside_of_the_patterns_is_refused() {
        refused(Rule.JOB_NOT_ALLOWED, policy(API), wish("team-b/x", "api", List.of(), 0), BOUND, "team-b/x", "team-a/**");
    }

    @Test
    void without_patterns_no_job_is_allowed() {
        IdentityRule rule = new IdentityRule("api", List.of(), 3600, List.of(), false, false);
        refused(Rule.JOB_NOT_ALLOWED, policy(rule), wish("x", "api", List.of(), 0), UNBOUND);
    }

    @Test
    void a_standing_destination_has_no_job_but_the_other_rules_hold() throws Refusal {
        policy(API).decide(wish(null, "api", List.of(), 0), BOUND);
        refused(Rule.NODE_NOT_BOUND, policy(API), wish(null, "api", List.of(), 0), UNBOUND);
    }

    @Test
    void an_agent_that_is_not_bound_is_refused() {
        refused(Rule.NODE_NOT_BOUND, policy(API), wish("team-a/x", "api", List.of(), 0), UNBOUND, "a2");
    }

    @Test
    void any_agent_means_those_without_a_list_of_their_own() throws Refusal {
        IdentityRule rule = new IdentityRule("api", List.of(), 3600, List.of("**"), false, false);
        policy(rule).decide(wish("x", "api", List.of(), 0), UNBOUND);
        NodeFacts other = new NodeFacts("a3", false, true, List.of("web"), "");
        refused(Rule.NODE_NOT_BOUND, policy(rule), wish("x", "api", List.of(), 0), other, "a3", "web");
        NodeFacts none = new NodeFacts("a4", false, true, List.of(), "");
        refused(Rule.NODE_NOT_BOUND, policy(rule), wish("x", "api", List.of(), 0), none, "a4");
    }

    @Test
    void the_built_in_node_needs_its_own_permission_even_when_bound() throws Refusal {
        NodeFacts builtIn = new NodeFacts("Built-In Node", true, true, List.of("api"), "");
        refused(Rule.BUILT_IN_NODE, policy(API), wish("team-a/x", "api", List.of(), 0), builtIn, "controller");
        IdentityRule allowed = new IdentityRule("api", List.of(), 3600, List.of("**"), true, true);
        policy(allowed).decide(wish("x", "api", List.of(), 0), builtIn);
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
        IdentityRule rule = new IdentityRule("api", List.of(), 3600, List.of("**"), true, false);
        assertEquals(
                List.of("any"),
                policy(rule).decide(wish("x", "api", List.of("any"), 0), BOUND).roles());
    }

    @Test
    void the_ttl_has_a_cap() throws Refusal {
        assertEquals(7200, policy(API).decide(wish("team-a/x", "api", List.of(), 7200), BOUND).ttlSeconds());
        refused(Rule.TTL_TOO_LONG, policy(API), wish("team-a/x", "api", List.of(), 7201), BOUND, "2h");
    }
}
