// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.AgentRule;
import io.jenkins.plugins.machineid.issuer.StatedNode;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which agents a token resource takes, where statements are about agents: those that the identity names. Labels are told to
 * the cluster, too, but whoever configures an agent sets them.
 */
final class AgentRules {
    /** A label expression that is one label. */
    private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_.]+(-[A-Za-z0-9_.]+)*");

    private AgentRules() {}

    /**
     * @param builtIn  the built-in node, too
     * @param existing names of the agents that there are and that the identity names
     */
    static AllowRules of(
            StatementForm form, String identity, AgentRule rule, boolean builtIn, List<String> existing) {
        List<JobPattern> patterns = rule.by() == AgentRule.By.NAMES
                ? rule.names().stream().map(StatedNode::account).map(JobPattern::new).toList()
                : List.of();
        List<String> notes = new ArrayList<>();
        List<Map<String, Object>> allow = new ArrayList<>();
        switch (form) {
            case KUBERNETES -> kubernetes(identity, rule, builtIn, existing, allow, notes);
            case GITLAB -> gitlab(identity, patterns, rule, builtIn, allow, notes);
            case GENERIC_OIDC -> oidc(identity, patterns, rule, builtIn, allow, notes);
        }
        if (allow.isEmpty()) {
            notes.add(Messages.Setup_noAgent());
        }
        return new AllowRules(allow, notes);
    }

    /** Whether rules are made of the agents that there are. */
    static boolean needsExisting(StatementForm form, AgentRule rule) {
        return form == StatementForm.KUBERNETES
                && (rule.by() != AgentRule.By.NAMES || rule.names().stream().anyMatch(name -> name.indexOf('*') >= 0));
    }

    private static void kubernetes(
            String identity,
            AgentRule rule,
            boolean builtIn,
            List<String> existing,
            List<Map<String, Object>> allow,
            List<String> notes) {
        Set<String> names = new LinkedHashSet<>();
        if (rule.by() == AgentRule.By.NAMES) {
            rule.names().stream().filter(name -> name.indexOf('*') < 0).forEach(names::add);
        }
        if (needsExisting(StatementForm.KUBERNETES, rule)) {
            existing.stream().limit(AllowRules.MOST).forEach(names::add);
            notes.add(Messages.Setup_existingAgents(
                    rule.by() == AgentRule.By.NAMES ? rule.names() : rule.label(),
                    StatementForm.GITLAB.since(),
                    StatementForm.GENERIC_OIDC.since()));
        }
        if (existing.size() > AllowRules.MOST) {
            notes.add(Messages.Setup_tooManyAgents(existing.size(), AllowRules.MOST));
        }
        if (builtIn) {
            names.add("");
        }
        names.forEach(name -> allow.add(
                Map.of("service_account", new StatedNode("", name, List.of()).serviceAccount(identity))));
    }

    private static void gitlab(
            String identity,
            List<JobPattern> patterns,
            AgentRule rule,
            boolean builtIn,
            List<Map<String, Object>> allow,
            List<String> notes) {
        String environment = StatedNode.environment(identity);
        for (JobPattern pattern : patterns) {
            // A star of a name stands for slashes, too, which names have in code.
            String path = StatedNode.path(pattern.toString().replace("**", "*"));
            if (path.indexOf('?') >= 0) {
                notes.add(Messages.Setup_noRule(pattern));
            } else {
                allow.add(Trees.map("project_path", path, "environment", environment));
            }
        }
        if (rule.by() == AgentRule.By.LABEL) {
            Map<String, Object> any = Trees.map("project_path", StatedNode.path("*"), "environment", environment);
            if (isLabel(rule)) {
                any.put("ref", "*+" + StatedNode.label(rule.label()) + "+*");
            }
            allow.add(any);
            notes.add(label(rule));
        }
        if (builtIn) {
            allow.add(Trees.map("project_path", StatedNode.path(builtIn()), "environment", environment));
        }
    }

    private static void oidc(
            String identity,
            List<JobPattern> patterns,
            AgentRule rule,
            boolean builtIn,
            List<Map<String, Object>> allow,
            List<String> notes) {
        List<String> names = new ArrayList<>();
        patterns.stream().filter(JobPattern::isName).map(JobPattern::toString).forEach(names::add);
        if (builtIn) {
            names.add(builtIn());
        }
        if (!names.isEmpty()) {
            allow.add(Map.of("conditions", List.of(
                    Trees.map("attribute", "jenkins.agent", "in", Map.of("values", names)),
                    Trees.map("attribute", "jenkins.agent_identity", "eq", Map.of("value", identity)))));
        }
        patterns.stream()
                .filter(pattern -> !pattern.isName())
                .forEach(pattern -> allow.add(expression("agent", pattern.regexp(), identity)));
        if (rule.by() == AgentRule.By.LABEL) {
            String one = isLabel(rule)
                    ? "^.*\\+" + rule.label().replace(".", "\\.") + "\\+.*$"
                    : "^.*$";
            allow.add(expression("agent_labels", one, identity));
            notes.add(label(rule));
        }
    }

    private static Map<String, Object> expression(String claim, String regexp, String identity) {
        return Map.of(
                "expression",
                "regexp.match(claims.jenkins." + claim + ", " + Quoting.predicate(regexp)
                        + ") && claims.jenkins.agent_identity == " + Quoting.predicate(identity));
    }

    private static String label(AgentRule rule) {
        return isLabel(rule)
                ? Messages.Setup_agentLabel(rule.label())
                : Messages.Setup_agentLabels(rule.label());
    }

    private static boolean isLabel(AgentRule rule) {
        return LABEL.matcher(rule.label()).matches();
    }

    private static String builtIn() {
        return new StatedNode("", "", List.of()).account();
    }
}
