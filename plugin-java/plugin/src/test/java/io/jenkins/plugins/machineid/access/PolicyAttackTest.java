// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.access.Refusal.Rule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Jobs and users that try to get more than the administrator allows. */
class PolicyAttackTest {
    private static final IdentityRule API = new IdentityRule(
            "api", List.of("api-workers"), 3600, List.of("team-a/**"), AgentRule.named("a1", "api-*"), false, true, List.of());
    private static final IdentityRule SECRET = new IdentityRule(
            "payments", List.of("vault"), 3600, List.of("payments/**"), AgentRule.named("bank-1"), false, true, List.of());

    private final List<Refusal> logged = new ArrayList<>();
    private final Policy policy = new Policy(Map.of("api", API, "payments", SECRET), logged::add);

    private static NodeFacts agent(String name, boolean vouched, String... identities) {
        return new NodeFacts(
                name, name, false, vouched, label -> true, true, true, List.of(identities), "");
    }

    private Refusal refused(String job, String identity, NodeFacts node) {
        return assertThrows(Refusal.class, () -> policy.decide(new Wish(job, identity, List.of(), 0), node));
    }

    /** A user with Agent/Configure binds the identity to an agent of their own, under any label they like. */
    @Test
    void a05BindingOnAnAgentThatTheIdentityDoesNotName() {
        assertEquals(Rule.NODE_NOT_ALLOWED, refused("team-a/x", "api", agent("mine", true, "api")).rule());
        assertEquals(Rule.NODE_NOT_ALLOWED, refused(null, "api", agent("mine", true, "api")).rule());
    }

    /** The same user gives the agent a name that the identity names: of a deleted agent, or of the right beginning. */
    @Test
    void a05AgentThatTookANamedAgentsName() throws Refusal {
        assertEquals(Rule.NODE_NOT_ALLOWED, refused("team-a/x", "api", agent("a1", false, "api")).rule());
        assertEquals(Rule.NODE_NOT_ALLOWED, refused("team-a/x", "api", agent("api-9", false, "api")).rule());
        policy.decide(new Wish("team-a/x", "api", List.of(), 0), agent("a1", true, "api"));
    }

    /** A user changes a named agent a little: it has its identity no more, and still keeps what it had of it. */
    @Test
    void a04AnAgentInDoubtStillTakesNoOtherJobs() {
        assertEquals(List.of("api"), policy.keptOn(agent("a1", true)));
        assertEquals(List.of("api"), policy.keptOn(agent("a1", false)));
    }

    /** A job tries names: what it is told must not depend on what there is. */
    @Test
    void a16RefusalsAreTheSameForWhatThereIsAndWhatThereIsNot() {
        NodeFacts node = agent("a1", true, "api");
        String there = refused("team-b/x", "payments", node).getMessage().replace("payments", "X");
        String notThere = refused("team-b/x", "nothing", node).getMessage().replace("nothing", "X");
        assertEquals(notThere, there);
        assertEquals(
                refused("team-a/x", "payments", node).getMessage().replace("payments", "X"),
                refused("team-a/x", "nothing", node).getMessage().replace("nothing", "X"));
    }

    @Test
    void a16NothingOfOthersIsInAMessage() {
        List<Refusal> refusals = List.of(
                refused("team-b/x", "api", agent("a1", true, "api")),
                refused("team-b/x", "", agent("a1", true, "api", "payments")),
                refused("team-a/x", "api", agent("a1", true, "payments")),
                refused("team-a/x", "api", agent("other", true, "payments")),
                assertThrows(Refusal.class, () -> policy.decide(
                        new Wish("team-a/x", "api", List.of("root"), 0), agent("a1", true, "api"))));
        for (Refusal refusal : refusals) {
            for (String secret : List.of("payments", "team-a/**", "api-workers", "api-*", "bank-1", "vault")) {
                assertFalse(refusal.getMessage().contains(secret), refusal.getMessage());
            }
        }
        // A job that may not use the agent's default isn't told which one that is.
        assertFalse(refused("team-b/x", "", agent("a1", true, "api")).getMessage().contains("api"));
        assertTrue(logged.stream().anyMatch(refusal -> refusal.detail().contains("team-a/**")));
    }

    /** A job that is refused in a loop, with another role each time, does not fill the administrator's log. */
    @Test
    void a16RefusalsDoNotFloodTheLog() {
        List<String> lines = new ArrayList<>();
        long[] now = {0};
        RefusalLog log = new RefusalLog(lines::add, () -> now[0]);
        Refusal same = new Refusal(Rule.JOB_NOT_ALLOWED, "job \u001b[31mx\nno", "");
        for (int i = 0; i < 1000; i++) {
            log.accept(same);
        }
        assertEquals(List.of("job [31mx no [policy_job]"), lines);
        for (int i = 0; i < 1000; i++) {
            log.accept(new Refusal(Rule.ROLE_NOT_ALLOWED, "role " + i + "x".repeat(5000), ""));
        }
        assertEquals(RefusalLog.LINES_A_MINUTE, lines.size());
        assertTrue(lines.stream().allMatch(line -> line.length() < 1100));
        now[0] += 61_000_000_000L;
        log.accept(new Refusal(Rule.TTL_TOO_LONG, "another", ""));
        assertEquals(RefusalLog.LINES_A_MINUTE + 2, lines.size());
        assertTrue(lines.get(lines.size() - 2).startsWith("941 more"), lines.get(lines.size() - 2));
    }

    /** Names and patterns that a matcher which tries one way after the other doesn't get through. */
    @Test
    void a18PathologicalNamesAndPatterns() {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            assertFalse(new NamePattern("*a".repeat(200) + "b").matches("a".repeat(2000)));
            assertFalse(new NamePattern("**a".repeat(200) + "b").matches("a".repeat(2000)));
            assertFalse(new NamePattern("**/".repeat(300) + "b").matches("a/".repeat(1000)));
            assertFalse(new NamePattern("**/*a*".repeat(150) + "b").matches("a/a".repeat(700)));
            assertTrue(new NamePattern("**/".repeat(300) + "b").matches("a/".repeat(1000) + "b"));
        });
    }
}
