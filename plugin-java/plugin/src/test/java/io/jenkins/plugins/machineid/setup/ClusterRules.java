// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Whether a cluster takes a statement by the rules of a token resource. */
final class ClusterRules {
    /** Fields of GitLab rules that Teleport reads as patterns: all others are compared as they are. */
    private static final Set<String> PATTERNS = Set.of("sub", "ref", "namespace_path", "project_path");

    private ClusterRules() {}

    /** @param identity the one that the rules are for */
    static boolean take(StatementForm form, AllowRules rules, String identity, Map<String, Object> claims) {
        return rules.allow().stream().anyMatch(rule -> switch (form) {
            case KUBERNETES -> claims.get("sub").equals("system:serviceaccount:" + rule.get("service_account"));
            case GITLAB -> rule.entrySet().stream().allMatch(each -> PATTERNS.contains(each.getKey())
                    ? glob(each.getValue(), claims.get(each.getKey()))
                    : each.getValue().equals(claims.get(each.getKey())));
            case GENERIC_OIDC -> oidc(rule, identity, (Map<?, ?>) claims.get("jenkins"));
        });
    }

    /** As Teleport's: a star is anything, a question mark one character. */
    private static boolean glob(Object rule, Object claim) {
        StringBuilder regexp = new StringBuilder();
        ((String) rule).chars().forEach(c -> regexp.append(
                c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf((char) c))));
        return ((String) claim).matches(regexp.toString());
    }

    private static boolean oidc(Map<String, Object> rule, String identity, Map<?, ?> jenkins) {
        String job = (String) jenkins.get("job");
        if (rule.containsKey("conditions")) {
            List<?> conditions = (List<?>) rule.get("conditions");
            assertEquals(2, conditions.size());
            Map<?, ?> condition = (Map<?, ?>) conditions.get(0);
            assertEquals(Map.of("attribute", "jenkins.identity", "eq", Map.of("value", identity)), conditions.get(1));
            assertEquals("jenkins.job", condition.get("attribute"));
            return ((List<?>) ((Map<?, ?>) condition.get("in")).get("values")).contains(job)
                    && jenkins.get("identity").equals(identity);
        }
        String expression = (String) rule.get("expression");
        String head = "regexp.match(claims.jenkins.job, ";
        String tail = ") && claims.jenkins.identity == \"" + identity + "\"";
        assertTrue(expression.startsWith(head + "\"^") && expression.endsWith("$\"" + tail), expression);
        String literal = expression.substring(head.length(), expression.length() - tail.length());
        return job.matches((String) new org.yaml.snakeyaml.Yaml().load(literal))
                && jenkins.get("identity").equals(identity);
    }
}
