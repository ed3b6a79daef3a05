// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Names and types as the server reads them: a claim of a wrong type fails the join. */
class StatementFormTest {
    static final BuildFacts FACTS = facts("team/app/deploy", "main", "", false);

    static BuildFacts facts(String job, String branch, String changeRequest, boolean fork) {
        return new BuildFacts(
                "https://ci.example.com", job, 42, "https://ci.example.com/job/x/42/", branch, changeRequest, fork,
                "alice", "user", "api-1", List.of("api", "linux"));
    }

    /** So an identity for which nobody chose one has what is right for its cluster, and an update of the cluster changes nothing. */
    @Test
    void what_is_chosen_for_a_cluster_is_the_same_for_each_version_that_takes_any() {
        int some = 0;
        for (int major = 1; major < 40; major++) {
            for (int minor = 0; minor < 40; minor++) {
                for (int patch : new int[] {0, 1, 17, 18, 19, 99}) {
                    List<StatementForm> taken = StatementForm.takenBy(new TeleportVersion(major, minor, patch));
                    some += taken.size();
                    assertTrue(taken.isEmpty() || taken.contains(StatementForm.CHOSEN), major + "." + minor + "." + patch);
                }
            }
        }
        assertTrue(some > 1000, some + " taken");
        assertEquals(StatementForm.CHOSEN.method(), StatementForm.methods().get(0));
    }

    @Test
    void kubernetes_has_the_object_that_each_version_reads() {
        assertEquals(
                Map.of(
                        "sub", "system:serviceaccount:team/app:deploy@api",
                        "kubernetes.io", Map.of(
                                "namespace", "team/app",
                                "pod", Map.of(
                                        "name", "jenkins-team-app-deploy-42", "uid", "https://ci.example.com/job/x/42/"),
                                "serviceaccount", Map.of("name", "deploy", "uid", "42"))),
                StatementForm.KUBERNETES.claims(FACTS, "api"));
        BuildFacts poor = new BuildFacts("", "x", 0, "", "", "", true, "", "", "", List.of());
        Map<?, ?> object = (Map<?, ?>) StatementForm.KUBERNETES.claims(poor, "api").get("kubernetes.io");
        assertEquals(Set.of("namespace", "pod", "serviceaccount"), object.keySet());
        assertEquals("jenkins-x-0", ((Map<?, ?>) object.get("pod")).get("name"));
    }

    @Test
    void gitlab_has_texts_alone() {
        Map<String, Object> claims = StatementForm.GITLAB.claims(FACTS, "api");
        assertEquals("job:team/app/deploy:build:42", claims.get("sub"));
        assertEquals("team/app/deploy", claims.get("project_path"));
        assertEquals("team/app", claims.get("namespace_path"));
        assertEquals("main", claims.get("ref"));
        assertEquals("branch", claims.get("ref_type"));
        assertEquals("alice", claims.get("user_login"));
        assertEquals("user", claims.get("pipeline_source"));
        assertEquals("42", claims.get("pipeline_id"));
        assertEquals("self-hosted", claims.get("runner_environment"));
        claims.forEach((name, value) -> assertInstanceOf(String.class, value, name));
        Set<String> read = Set.of(
                "sub", "ref", "ref_type", "namespace_path", "project_path", "environment", "user_login", "pipeline_source",
                "pipeline_id", "ci_config_ref_uri", "runner_environment");
        assertEquals(read, claims.keySet(), "others are dropped by the server");
    }

    @Test
    void what_comes_from_elsewhere_is_no_branch_of_the_repository() {
        Map<String, Object> fork = StatementForm.GITLAB.claims(facts("a/PR-7", "main", "7", true), "api");
        assertEquals("fork/7", fork.get("ref"));
        assertEquals("fork", fork.get("ref_type"));
        Map<String, Object> unnamed = StatementForm.GITLAB.claims(facts("a/main", "main", "", true), "api");
        assertEquals("fork/main", unnamed.get("ref"));
        Map<String, Object> own = StatementForm.GITLAB.claims(facts("a/PR-7", "PR-7", "7", false), "api");
        assertEquals("change_request/7", own.get("ref"));
        assertEquals("change_request", own.get("ref_type"));
        Map<String, Object> none = StatementForm.GITLAB.claims(facts("a/x", "", "", false), "api");
        assertEquals("", none.get("ref"));
        assertEquals("", none.get("ref_type"));
    }

    @Test
    void generic_oidc_has_all_of_it() {
        Map<String, Object> claims = StatementForm.GENERIC_OIDC.claims(facts("team/app/deploy", "PR-7", "7", true), "api");
        assertEquals("team/app/deploy", claims.get("sub"));
        Map<?, ?> jenkins = (Map<?, ?>) claims.get("jenkins");
        assertEquals(
                Set.of("identity", "controller", "job", "folder", "name", "number", "url", "branch", "change_request", "fork",
                        "started_by", "cause", "node", "labels"),
                jenkins.keySet());
        assertEquals("team/app", jenkins.get("folder"));
        assertEquals("deploy", jenkins.get("name"));
        assertEquals(42, jenkins.get("number"));
        assertEquals(true, jenkins.get("fork"));
        assertEquals(List.of("api", "linux"), jenkins.get("labels"));
    }

    @Test
    void no_form_says_anything_of_the_statement_itself() {
        for (StatementForm form : StatementForm.values()) {
            Set<String> names = form.claims(FACTS, "api").keySet();
            assertTrue(names.contains("sub"));
            for (String name : List.of("iss", "aud", "iat", "nbf", "exp", "jti")) {
                assertTrue(!names.contains(name), form + " " + name);
            }
        }
    }
}
