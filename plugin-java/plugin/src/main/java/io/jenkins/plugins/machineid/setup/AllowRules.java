// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.issuer.JobName;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whom a token resource takes. Which jobs: those that the policy names, as near as the form's rules come to it, and only with
 * statements for its own identity.
 *
 * @param allow of the resource
 * @param notes where the rules and the policy differ
 */
record AllowRules(List<Map<String, Object>> allow, List<String> notes) {
    /** A resource has to fit into what the cluster keeps it in. */
    static final int MOST = 1000;

    /** @param existing full names of the jobs that there are and the policy allows, but for those of change requests */
    static AllowRules of(StatementForm form, String identity, List<String> allowedJobs, List<String> existing) {
        List<JobPattern> patterns = allowedJobs.stream().map(JobPattern::new).toList();
        return switch (form) {
            case KUBERNETES -> kubernetes(identity, patterns, existing);
            case GITLAB -> gitlab(identity, patterns);
            case GENERIC_OIDC -> oidc(identity, patterns);
        };
    }

    private static AllowRules kubernetes(String identity, List<JobPattern> patterns, List<String> existing) {
        Set<String> jobs = new LinkedHashSet<>();
        List<String> notes = new ArrayList<>();
        List<JobPattern> globs = patterns.stream().filter(pattern -> !pattern.isName()).toList();
        patterns.stream().filter(JobPattern::isName).map(JobPattern::toString).forEach(jobs::add);
        if (!globs.isEmpty()) {
            existing.stream().limit(MOST).forEach(jobs::add);
            notes.add(Messages.Setup_existing(
                    globs, StatementForm.GITLAB.since(), StatementForm.GENERIC_OIDC.since()));
        }
        if (!globs.isEmpty() && existing.size() > MOST) {
            notes.add(Messages.Setup_tooMany(existing.size(), MOST));
        }
        List<Map<String, Object>> allow = new ArrayList<>();
        jobs.forEach(job -> allow.add(Map.of("service_account", JobName.of(job).serviceAccount(identity))));
        return checked(allow, notes);
    }

    private static AllowRules gitlab(String identity, List<JobPattern> patterns) {
        List<Map<String, Object>> allow = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (JobPattern pattern : patterns) {
            List<Map<String, Object>> rules = pattern.gitlab();
            rules.forEach(rule -> rule.put("environment", identity));
            allow.addAll(rules);
            if (rules.isEmpty()) {
                notes.add(Messages.Setup_noRule(pattern));
            } else if (pattern.widerInGitlab()) {
                notes.add(Messages.Setup_wider(pattern));
            }
        }
        foreign(patterns).map(Messages::Setup_foreignGitlab).ifPresent(notes::add);
        return checked(allow, notes);
    }

    private static AllowRules oidc(String identity, List<JobPattern> patterns) {
        List<Map<String, Object>> allow = new ArrayList<>();
        List<String> names =
                patterns.stream().filter(JobPattern::isName).map(JobPattern::toString).toList();
        if (!names.isEmpty()) {
            allow.add(Map.of("conditions", List.of(
                    Trees.map("attribute", "jenkins.job", "in", Map.of("values", names)),
                    Trees.map("attribute", "jenkins.identity", "eq", Map.of("value", identity)))));
        }
        patterns.stream()
                .filter(pattern -> !pattern.isName())
                .forEach(pattern -> allow.add(Map.of(
                        "expression",
                        "regexp.match(claims.jenkins.job, " + Quoting.predicate(pattern.regexp()) + ") && claims.jenkins.identity == "
                                + Quoting.predicate(identity))));
        return checked(allow, new ArrayList<>(foreign(patterns).map(Messages::Setup_foreignOidc).stream().toList()));
    }

    /** Patterns, which may match change requests; none: the jobs are named one by one. */
    private static Optional<String> foreign(List<JobPattern> patterns) {
        String globs = patterns.stream()
                .filter(pattern -> !pattern.isName())
                .map(JobPattern::toString)
                .collect(Collectors.joining(", "));
        return Optional.of(globs).filter(text -> !text.isEmpty());
    }

    private static AllowRules checked(List<Map<String, Object>> allow, List<String> notes) {
        if (allow.isEmpty()) {
            notes.add(Messages.Setup_nobody());
        }
        return new AllowRules(allow, notes);
    }
}
