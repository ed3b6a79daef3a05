// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import java.util.List;

/** A rule with its patterns read once: the queue asks often. */
final class ReadRule {
    /** Allows each job. */
    private static final String ALL_JOBS = "**";

    private final IdentityRule rule;
    private final List<NamePattern> jobs;
    private final List<NamePattern> agents;
    private final List<NamePattern> credentials;

    ReadRule(IdentityRule rule) {
        this.rule = rule;
        this.jobs = rule.allowedJobs().stream().map(NamePattern::new).toList();
        this.credentials = rule.agentCredentials().stream().map(NamePattern::new).toList();
        this.agents = rule.agents().names().stream().map(NamePattern::new).toList();
    }

    String id() {
        return rule.id();
    }

    IdentityRule rule() {
        return rule;
    }

    /** An administrator defines it, and no folder. */
    boolean isAdministrators() {
        return IdentityName.folder(id()).isEmpty();
    }

    /** A folder that the job is in, at whatever depth, defines it. */
    boolean isOfFolderAbove(String job) {
        return !isAdministrators() && job.startsWith(IdentityName.folder(id()) + "/");
    }

    /** An identity of a folder is for jobs below it alone, whatever the patterns say. */
    boolean allows(String job) {
        return (isAdministrators() || isOfFolderAbove(job)) && jobs.stream().anyMatch(pattern -> pattern.matches(job));
    }

    boolean takes(String credential) {
        return credentials.stream().anyMatch(pattern -> pattern.matches(credential));
    }

    boolean allowsAllJobs() {
        return rule.allowedJobs().contains(ALL_JOBS);
    }

    /** The identity names the node, and an administrator vouches for it where a name or a label decides. */
    boolean names(NodeFacts node) {
        return fits(node) && (node.builtIn() || node.vouched() || rule.agents().by() == AgentRule.By.ANY);
    }

    /** By name and labels alone, whoever gave them: it may have had the identity before. */
    boolean fits(NodeFacts node) {
        if (node.builtIn()) {
            return rule.builtInNodeAllowed();
        }
        String label = rule.agents().label();
        return switch (rule.agents().by()) {
            case ANY -> true;
            case LABEL -> !label.isEmpty() && node.labels().test(label);
            case NAMES -> agents.stream().anyMatch(pattern -> pattern.matches(node.name()))
                    && (label.isEmpty() || node.labels().test(label));
        };
    }

    /** For the administrator's log. */
    String why(NodeFacts node) {
        String named = "identity '" + id() + "' is for agents by " + rule.agents();
        return node.vouched()
                ? named
                : "agent '" + node.name() + "' got its name or its way to start from somebody who is no administrator:"
                        + " look at its configuration, save it, and connect the agent anew; " + named;
    }
}
