// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.access.Refusal.Rule;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The policy as folders extend it. */
class FolderPolicyTest {
    private static final NodeFacts AGENT =
            new NodeFacts("a1", "a1", false, false, label -> false, false, true, List.of(), "");
    private static final IdentityRule B = rule("team-b/api", "team-b/**");
    private static final IdentityRule INNER = rule("team-b/inner/api", "team-b/inner/**");

    private static IdentityRule rule(String name, String... jobs) {
        return new IdentityRule(
                name, List.of(), 3600, List.of(jobs), new AgentRule(AgentRule.By.ANY, List.of(), ""), false, false, List.of());
    }

    private static Map<String, IdentityRule> map(IdentityRule... rules) {
        Map<String, IdentityRule> map = new HashMap<>();
        for (IdentityRule rule : rules) {
            map.put(rule.id(), rule);
        }
        return map;
    }

    private static Policy policy(List<IdentityRule> own, IdentityRule... ofFolders) {
        return new Policy(map(own.toArray(IdentityRule[]::new)), refusal -> {}).with(map(ofFolders), Map.of());
    }

    private static String granted(Policy policy, String job, String identity) throws Refusal {
        return policy.decide(new Wish(job, identity, List.of(), 0), AGENT).identity();
    }

    private static Rule refused(Policy policy, String job, String identity, NodeFacts node) {
        Refusal refusal = assertThrows(
                Refusal.class, () -> policy.decide(new Wish(job, identity, List.of(), 0), node));
        assertTrue(refusal.getMessage().endsWith("[" + refusal.rule().code() + "]"), refusal.getMessage());
        return refusal.rule();
    }

    @Test
    void the_nearest_folder_wins_and_the_grant_says_which() throws Refusal {
        Policy policy = policy(List.of(), B, INNER);
        assertEquals("team-b/api", granted(policy, "team-b/x", "api"));
        assertEquals("team-b/inner/api", granted(policy, "team-b/inner/x", "api"));
        assertEquals("team-b/api", granted(policy, "team-b/inner/x", "team-b/api"));
    }

    /** What a running block was given is confirmed by its name: a nearer folder's doesn't take its place. */
    @Test
    void a_block_keeps_the_identity_that_it_was_given() throws Refusal {
        Grant grant = policy(List.of(), B).decide(new Wish("team-b/inner/x", "api", List.of(), 0), AGENT);
        policy(List.of(), B, INNER).confirm(grant, "team-b/inner/x", AGENT);
        assertThrows(Refusal.class, () -> policy(List.of(), INNER).confirm(grant, "team-b/inner/x", AGENT));
    }

    @Test
    void it_holds_for_jobs_below_the_folder_alone() {
        Policy policy = policy(List.of(), B, rule("team-b/wide", "**"));
        assertEquals(Rule.JOB_NOT_ALLOWED, refused(policy, "team-a/x", "api", AGENT));
        assertEquals(Rule.JOB_NOT_ALLOWED, refused(policy, "team-a/x", "team-b/api", AGENT));
        assertEquals(Rule.JOB_NOT_ALLOWED, refused(policy, "team-bc/x", "api", AGENT));
        assertEquals(Rule.JOB_NOT_ALLOWED, refused(policy, "team-b", "api", AGENT));
        assertEquals(Rule.JOB_NOT_ALLOWED, refused(policy, "team-a/x", "team-b/wide", AGENT));
        assertFalse(policy.allows("team-b/wide", "team-a/x"));
        assertTrue(policy.allows("wide", "team-b/x"));
    }

    /** Whichever was there first, and whether the administrator's allows the job or not. */
    @Test
    void an_id_of_both_is_refused_whoever_asks() throws Refusal {
        for (String jobs : List.of("**", "team-a/**")) {
            Policy policy = policy(List.of(rule("api", jobs)), B, rule("team-b/other", "team-b/**"));
            assertEquals(Rule.IDENTITY_TWICE, refused(policy, "team-b/x", "api", AGENT));
            assertEquals(Rule.IDENTITY_TWICE, refused(policy, "team-b/x", "team-b/api", AGENT));
            assertFalse(policy.allows("api", "team-b/x"));
            assertEquals("team-b/other", granted(policy, "team-b/x", "other"));
            assertEquals("api", granted(policy, "team-a/x", "api"));
        }
    }

    /** Its configurer can mean an administrator's identity alone. */
    @Test
    void an_agents_default_is_no_folders_identity() {
        NodeFacts named = new NodeFacts("a1", "a1", false, true, label -> false, true, true, List.of("api"), "api");
        assertEquals(Rule.JOB_NOT_ALLOWED, refused(policy(List.of(), B), "team-b/x", "", named));
        assertEquals(Rule.IDENTITY_TWICE, refused(policy(List.of(rule("api", "**")), B), "team-b/x", "", named));
    }

    @Test
    void an_agent_that_names_its_identities_takes_no_others() {
        NodeFacts named = new NodeFacts("a1", "a1", false, true, label -> false, true, true, List.of("api"), "");
        assertEquals(Rule.NODE_NOT_ALLOWED, refused(policy(List.of(), B), "team-b/x", "api", named));
        NodeFacts builtIn = new NodeFacts("", "b", true, true, label -> false, false, true, List.of(), "");
        assertEquals(Rule.BUILT_IN_NODE, refused(policy(List.of(), B), "team-b/x", "api", builtIn));
        // No administrator can allow it there.
        for (NodeFacts node : List.of(named, builtIn)) {
            Refusal refusal = assertThrows(
                    Refusal.class, () -> policy(List.of(), B).decide(new Wish("team-b/x", "api", List.of(), 0), node));
            assertFalse(refusal.getMessage().contains("administrator"), refusal.getMessage());
        }
    }

    @Test
    void a_standing_destination_gets_none() {
        Policy policy = policy(List.of(), B);
        assertThrows(Refusal.class, () -> policy.decide(new Wish(null, "api", List.of(), 0), AGENT));
        assertTrue(policy.keptOn(AGENT).isEmpty());
    }

    /** A slip in the nearer folder would make the job another team's bot without a word. */
    @Test
    void a_nearer_folders_faulty_id_is_not_replaced_by_an_outer_folders() throws Refusal {
        Policy policy = new Policy(map(), refusal -> {}).with(map(B), Map.of("team-b/inner/api", "no such cluster"));
        Refusal told = assertThrows(
                Refusal.class, () -> policy.decide(new Wish("team-b/inner/x", "api", List.of(), 0), AGENT));
        assertEquals("no such cluster [policy_folder]", told.getMessage());
        // Jobs outside, and who names the outer one, have what they had.
        assertEquals("team-b/api", granted(policy, "team-b/x", "api"));
        assertEquals("team-b/api", granted(policy, "team-b/inner/x", "team-b/api"));
        assertEquals(Rule.JOB_NOT_ALLOWED, refused(policy, "team-c/x", "api", AGENT));
        // A farther one that is faulty is nobody's business below a nearer one that isn't.
        Policy outer = new Policy(map(), refusal -> {}).with(map(INNER), Map.of("team-b/api", "no such cluster"));
        assertEquals("team-b/inner/api", granted(outer, "team-b/inner/x", "api"));
        assertEquals(Rule.FOLDER_NOT_ALLOWED, refused(outer, "team-b/x", "api", AGENT));
    }

    @Test
    void a_nearer_folder_that_is_faulty_as_a_whole_has_each_id() throws Refusal {
        Policy policy = new Policy(map(rule("web", "**")), refusal -> {})
                .with(map(B), Map.of("team-b/inner/" + IdentityName.EACH, "too many"));
        assertEquals(Rule.FOLDER_NOT_ALLOWED, refused(policy, "team-b/inner/x", "api", AGENT));
        assertEquals(Rule.FOLDER_NOT_ALLOWED, refused(policy, "team-b/inner/x", "team-b/inner/api", AGENT));
        assertEquals("team-b/api", granted(policy, "team-b/inner/x", "team-b/api"));
        assertEquals("team-b/api", granted(policy, "team-b/x", "api"));
        assertEquals("web", granted(policy, "team-b/inner/x", "web"));
    }

    @Test
    void what_is_wrong_with_one_is_told_unless_an_administrators_is_meant() throws Refusal {
        Policy policy = new Policy(map(rule("web", "**")), refusal -> {})
                .with(Map.of(), Map.of("team-b/api", "not allowed here", "team-b/web", "not allowed either"));
        Refusal told = assertThrows(
                Refusal.class, () -> policy.decide(new Wish("team-b/x", "api", List.of(), 0), AGENT));
        assertEquals("not allowed here [policy_folder]", told.getMessage());
        assertEquals(Rule.FOLDER_NOT_ALLOWED, refused(policy, "team-b/x", "team-b/api", AGENT));
        assertEquals("web", granted(policy, "team-b/x", "web"));
    }
}
