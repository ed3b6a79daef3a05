// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.access.NamePattern;
import io.jenkins.plugins.machineid.issuer.BuildFacts;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a cluster would let in by the rules, against what the policy says. */
class AllowRulesTest {
    private static final List<String> JOBS = List.of(
            "a", "b", "ab", "a/a", "a/b", "b/a", "a/b/a", "a/b/b", "a/a/b/b", "-", "-/a", "a:b", "a/b:a", "a%3Ab", "a+b", "a.b",
            "team-a/app", "team-a/app/main", "team-b/app", "ä/ö #1", "team-a/app(1)", "[a]", "a|b", "^a$", "$a", "a{1}");

    private static Map<String, Object> claims(StatementForm form, String job, String identity) {
        BuildFacts facts = new BuildFacts("https://ci.example.com", job, 7, "", "", "", false, "", "", "", List.of());
        return form.claims(facts, identity);
    }

    private static boolean allowed(StatementForm form, AllowRules rules, String job) {
        assertFalse(allowed(form, rules, job, "other"), "a statement for another identity");
        assertFalse(allowed(form, rules, job, "ap"), "a statement for another identity");
        return allowed(form, rules, job, "api");
    }

    private static boolean allowed(StatementForm form, AllowRules rules, String job, String identity) {
        return ClusterRules.take(form, rules, "api", claims(form, job, identity));
    }

    private static boolean policy(List<String> patterns, String job) {
        return patterns.stream().anyMatch(pattern -> new NamePattern(pattern).matches(job));
    }

    private static AllowRules rules(StatementForm form, List<String> patterns) {
        return AllowRules.of(form, "api", patterns, JOBS.stream().filter(job -> policy(patterns, job)).toList());
    }

    @Test
    void each_form_lets_in_what_the_policy_names_and_nothing_else_unless_a_note_says_so() {
        List<List<String>> policies = new ArrayList<>(List.of(
                List.of(), List.of("**"), List.of("*"), List.of("team-a/**"), List.of("team-a/*"), List.of("a/b", "b/a"),
                List.of("**/b"), List.of("a/**/b"), List.of("*/app"), List.of("**/*b"), List.of("a:b", "a/b:*"), List.of("-/*"),
                List.of("a?"), List.of("**/a/**/a/**/b/**/b/**/b"), List.of("***/b"), List.of("a.*", "^a$", "[a]", "a|b")));
        Random random = new Random(8);
        String letters = "ab**//-:.";
        IntStream.range(0, 3000).forEach(i -> {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(8); n >= 0; n--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            policies.add(List.of(text.toString().replaceAll("/{2,}", "/").replaceAll("^/|/$", "")));
        });
        int exact = 0;
        for (List<String> patterns : policies) {
            for (StatementForm form : StatementForm.values()) {
                AllowRules rules = rules(form, patterns);
                boolean isExact = rules.notes().stream().noneMatch(note -> note.contains("wider"));
                boolean isWhole = rules.notes().stream().noneMatch(note -> note.contains("No rule can express"));
                exact += isExact && isWhole ? 1 : 0;
                for (String job : JOBS) {
                    String what = form + " " + patterns + " " + job + " " + rules;
                    assertTrue(!isWhole || !policy(patterns, job) || allowed(form, rules, job), what);
                    assertTrue(!isExact || policy(patterns, job) || !allowed(form, rules, job), what);
                }
            }
        }
        assertTrue(exact > 2 * policies.size(), exact + " of " + policies.size());
    }

    @Test
    void kubernetes_names_each_job_that_there_is_and_says_that_it_cannot_more() {
        AllowRules named = AllowRules.of(StatementForm.KUBERNETES, "api", List.of("team-a/app", "app"), List.of("app", "team-a/app"));
        assertEquals(
                List.of(Map.of("service_account", "team-a:app@api"), Map.of("service_account", "-:app@api")), named.allow());
        assertEquals(List.of(), named.notes());
        AllowRules found = AllowRules.of(StatementForm.KUBERNETES, "api", List.of("team-a/**"), List.of("team-a/x:y"));
        assertEquals(List.of(Map.of("service_account", "team-a:x%3Ay@api")), found.allow());
        assertTrue(found.notes().get(0).contains("team-a/**") && found.notes().get(0).contains("gitlab"), found.toString());
        List<String> many = IntStream.range(0, 1500).mapToObj(i -> "j" + i).toList();
        AllowRules cut = AllowRules.of(StatementForm.KUBERNETES, "api", List.of("*"), many);
        assertEquals(AllowRules.MOST, cut.allow().size());
        assertEquals(2, cut.notes().size());
    }

    @Test
    void whole_folders_and_single_levels_are_exact_for_gitlab() {
        assertEquals(
                List.of(Map.of("project_path", "team-a/*", "environment", "api")),
                AllowRules.of(StatementForm.GITLAB, "api", List.of("team-a/**"), List.of()).allow());
        assertEquals(
                List.of(Map.of("project_path", "team-a/*", "namespace_path", "team-a", "environment", "api")),
                AllowRules.of(StatementForm.GITLAB, "api", List.of("team-a/*"), List.of()).allow());
        assertTrue(AllowRules.of(StatementForm.GITLAB, "api", List.of("*/app"), List.of()).notes().get(0).contains("wider"));
    }

    @Test
    void a_policy_that_allows_nobody_says_so() {
        for (StatementForm form : StatementForm.values()) {
            AllowRules none = AllowRules.of(form, "api", List.of(), List.of());
            assertEquals(List.of(), none.allow());
            assertEquals(1, none.notes().size());
        }
    }
}
