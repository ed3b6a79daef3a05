// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is stated about agents: no two of them, and no agent and build, may be the same to a cluster. */
class StatedNodeTest {
    private static final String[] PIECES = {
        "", "agent", "%agent", "%built-in", "built-in", "(built-in)", "-", ":", "%", "%3A", "%25", "@", "@api", "/", "%2F", "+",
        "%2B", "a", "A", " ", "ä", "*", "?"
    };

    private static StatedNode node(String name) {
        return new StatedNode("https://ci.example.com", name, List.of("linux", "a+b"));
    }

    private static Map<String, Object> about(StatementForm form, String name) {
        return AgentClaims.of(form, node(name), "api");
    }

    private static Map<String, Object> ofJob(StatementForm form, String job) {
        return form.claims(StatementFormTest.facts(job, "", "", false), "api");
    }

    @Test
    void the_claims_of_each_form() {
        Map<String, Object> kubernetes = about(StatementForm.KUBERNETES, "api-1");
        assertEquals("system:serviceaccount:%agent:api-1@api", kubernetes.get("sub"));
        assertEquals("%agent", ((Map<?, ?>) kubernetes.get("kubernetes.io")).get("namespace"));
        Map<String, Object> gitlab = about(StatementForm.GITLAB, "api-1");
        assertEquals("agent:api-1", gitlab.get("sub"));
        assertEquals("%agent/api-1", gitlab.get("project_path"));
        assertEquals("agent:api", gitlab.get("environment"));
        assertEquals("+linux+a%2Bb+", gitlab.get("ref"));
        assertEquals("https://ci.example.com/computer/api-1/", gitlab.get("ci_config_ref_uri"));
        gitlab.forEach((name, value) -> assertInstanceOf(String.class, value, name));
        assertEquals(ofJob(StatementForm.GITLAB, "a").keySet(), gitlab.keySet());
        Map<?, ?> oidc = (Map<?, ?>) about(StatementForm.GENERIC_OIDC, "api-1").get("jenkins");
        assertEquals(Set.of("agent_identity", "controller", "agent", "agent_labels"), oidc.keySet());
        assertEquals("api-1", oidc.get("agent"));
    }

    @Test
    void no_two_nodes_have_the_same_subject_and_none_has_a_jobs() {
        Map<String, String> seen = new HashMap<>();
        Random random = new Random(3);
        for (int round = 0; round < 20_000; round++) {
            String text = PIECES[random.nextInt(PIECES.length)] + PIECES[random.nextInt(PIECES.length)]
                    + PIECES[random.nextInt(PIECES.length)];
            for (StatementForm form : StatementForm.values()) {
                unique(seen, form + " " + about(form, text).get("sub"), "node " + text);
                if (form == StatementForm.GITLAB) {
                    unique(seen, "path " + about(form, text).get("project_path"), "node " + text);
                }
                if (text.isEmpty() || ("/" + text + "/").contains("//")) {
                    continue;
                }
                unique(seen, form + " " + ofJob(form, text).get("sub"), "job " + text);
                if (form == StatementForm.GITLAB) {
                    unique(seen, "path " + ofJob(form, text).get("project_path"), "job " + text);
                }
            }
            assertEquals(2, node(text).serviceAccount("api").split(":", -1).length, "a rule is split at its colon: " + text);
        }
        assertTrue(seen.size() > 3000, seen.size() + " subjects");
    }

    private static void unique(Map<String, String> seen, String subject, String of) {
        String other = seen.put(subject, of);
        assertEquals(other == null ? of : other, of, subject);
    }

    /** A rule for builds that leaves out the job, as that of the policy {@code **}, takes no agent; nor one for agents a build. */
    @Test
    void what_names_the_identity_is_for_one_kind_alone() {
        assertNotEquals(
                ofJob(StatementForm.GITLAB, "a").get("environment"), about(StatementForm.GITLAB, "a").get("environment"));
        Map<?, ?> agent = (Map<?, ?>) about(StatementForm.GENERIC_OIDC, "a").get("jenkins");
        Map<?, ?> build = (Map<?, ?>) ofJob(StatementForm.GENERIC_OIDC, "a").get("jenkins");
        assertEquals(Set.of("controller"), agent.keySet().stream().filter(build::containsKey).collect(java.util.stream.Collectors.toSet()));
    }
}
