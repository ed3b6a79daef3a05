// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.access.AgentRule;
import io.jenkins.plugins.machineid.issuer.GivenKeys;
import io.jenkins.plugins.machineid.issuer.StatedNode;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rules for agents, as near to the identity as each form comes. */
class AgentRulesTest {
    private static final AgentRule LINUX = new AgentRule(AgentRule.By.LABEL, List.of(), "linux");

    private static AllowRules rules(StatementForm form, AgentRule rule, boolean builtIn, String... existing) {
        return AgentRules.of(form, "api", rule, builtIn, List.of(existing));
    }

    @Test
    void by_exact_names() {
        AgentRule two = AgentRule.named("api-1", "a:b");
        assertEquals(
                List.of(
                        Map.of("service_account", "%agent:api-1@api"),
                        Map.of("service_account", "%agent:a%3Ab@api"),
                        Map.of("service_account", "%agent:%built-in@api")),
                rules(StatementForm.KUBERNETES, two, true, "other").allow());
        assertEquals(
                List.of(
                        Map.of("project_path", "%agent/api-1", "environment", "agent:api"),
                        Map.of("project_path", "%agent/a%3Ab", "environment", "agent:api")),
                rules(StatementForm.GITLAB, two, false).allow());
        String oidc = rules(StatementForm.GENERIC_OIDC, two, false).allow().toString();
        assertTrue(oidc.contains("jenkins.agent, in={values=[api-1, a%3Ab]}") && oidc.contains("jenkins.agent_identity"), oidc);
    }

    @Test
    void patterns_become_the_agents_that_there_are_where_there_are_no_patterns() {
        AgentRule pods = AgentRule.named("pods-*");
        AllowRules found = rules(StatementForm.KUBERNETES, pods, false, "pods-1", "pods-2");
        assertEquals(2, found.allow().size());
        assertTrue(found.notes().get(0).contains("pods-*"), found.toString());
        assertEquals(
                List.of(Map.of("project_path", "%agent/pods-*", "environment", "agent:api")),
                rules(StatementForm.GITLAB, pods, false).allow());
        String oidc = rules(StatementForm.GENERIC_OIDC, pods, false).allow().toString();
        assertTrue(oidc.contains("regexp.match(claims.jenkins.agent, \"^pods-[^/]*$\") && claims.jenkins.agent_identity == \"api\""), oidc);
    }

    @Test
    void a_label_is_one_where_rules_know_labels() {
        assertEquals(
                List.of(Map.of("service_account", "%agent:a1@api")), rules(StatementForm.KUBERNETES, LINUX, false, "a1").allow());
        assertEquals(
                List.of(Map.of("project_path", "%agent/*", "environment", "agent:api", "ref", "*+linux+*")),
                rules(StatementForm.GITLAB, LINUX, false).allow());
        String oidc = rules(StatementForm.GENERIC_OIDC, LINUX, false).allow().toString();
        assertTrue(oidc.contains("claims.jenkins.agent_labels, \"^.*\\\\+linux\\\\+.*$\""), oidc);
        AgentRule several = new AgentRule(AgentRule.By.LABEL, List.of(), "linux && !arm");
        for (StatementForm form : List.of(StatementForm.GITLAB, StatementForm.GENERIC_OIDC)) {
            AllowRules wide = rules(form, several, false);
            assertTrue(wide.notes().get(0).contains("linux && !arm") && wide.notes().get(0).contains("LABEL"), wide.toString());
        }
    }

    /** A cluster compares most of a statement as it is: a rule that it doesn't read as a pattern would take nobody. */
    @Test
    void a_cluster_takes_the_agents_of_a_label_and_no_others() {
        AllowRules rules = rules(StatementForm.GITLAB, LINUX, false);
        for (String label : List.of("linux", "linux2", "arm")) {
            StatedNode node = new StatedNode("https://ci.example.com", "a1", List.of("api", label));
            Map<String, Object> claims = GivenKeys.claims(StatementForm.GITLAB, node, "api");
            assertEquals(label.equals("linux"), ClusterRules.take(StatementForm.GITLAB, rules, "api", claims), label);
        }
    }

    @Test
    void an_identity_without_agents_says_so() {
        for (StatementForm form : StatementForm.values()) {
            AllowRules none = rules(form, AgentRule.named(), false);
            assertEquals(List.of(), none.allow());
            assertEquals(1, none.notes().size(), none.toString());
        }
    }
}
