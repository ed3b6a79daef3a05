// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Refusal.Rule;
import java.util.List;
import java.util.Map;

/** Decides a wish. Pure: the same values give the same answer, at the start of a block and after a restart. */
public final class Policy {
    /** Lifetime of a certificate when neither the block nor the identity says less: 1 hour. */
    public static final long DEFAULT_TTL_SECONDS = 3600;

    private final Map<String, IdentityRule> rules;

    /** @param rules by identity */
    public Policy(Map<String, IdentityRule> rules) {
        this.rules = Map.copyOf(rules);
    }

    public Grant decide(Wish wish, NodeFacts node) throws Refusal {
        IdentityRule rule = identity(wish, node);
        if (wish.job() != null) {
            job(wish.job(), rule);
        }
        node(node, rule);
        return new Grant(rule.id(), roles(wish, rule), ttl(wish, rule));
    }

    private IdentityRule identity(Wish wish, NodeFacts node) throws Refusal {
        String id = wish.identity();
        if (id.isEmpty()) {
            id = node.defaultIdentity();
        }
        if (id.isEmpty() && node.identities().size() == 1) {
            id = node.identities().get(0);
        }
        if (id.isEmpty()) {
            throw new Refusal(
                    Rule.IDENTITY_MISSING,
                    node.identities().isEmpty()
                            ? Messages.Policy_identityMissing(node.name())
                            : Messages.Policy_identityAmbiguous(node.name(), String.join(", ", node.identities())));
        }
        IdentityRule rule = rules.get(id);
        if (rule == null) {
            throw new Refusal(Rule.IDENTITY_UNKNOWN, Messages.Policy_identityUnknown(id));
        }
        return rule;
    }

    private static void job(String job, IdentityRule rule) throws Refusal {
        if (rule.allowedJobs().isEmpty()) {
            throw new Refusal(Rule.JOB_NOT_ALLOWED, Messages.Policy_noJobs(rule.id(), job));
        }
        for (String pattern : rule.allowedJobs()) {
            if (new JobPattern(pattern).matches(job)) {
                return;
            }
        }
        throw new Refusal(
                Rule.JOB_NOT_ALLOWED, Messages.Policy_job(job, rule.id(), String.join(", ", rule.allowedJobs())));
    }

    private static void node(NodeFacts node, IdentityRule rule) throws Refusal {
        if (node.builtIn() && !rule.builtInNodeAllowed()) {
            throw new Refusal(Rule.BUILT_IN_NODE, Messages.Policy_builtInNode(rule.id()));
        }
        boolean listed = node.identities().contains(rule.id());
        if (!listed && node.bound()) {
            throw new Refusal(
                    Rule.NODE_NOT_BOUND,
                    Messages.Policy_nodeOther(node.name(), String.join(", ", node.identities()), rule.id()));
        }
        if (!listed && rule.bindingRequired()) {
            throw new Refusal(Rule.NODE_NOT_BOUND, Messages.Policy_node(rule.id(), node.name()));
        }
    }

    private static List<String> roles(Wish wish, IdentityRule rule) throws Refusal {
        if (wish.roles().isEmpty()) {
            return rule.roles();
        }
        for (String role : wish.roles()) {
            if (!rule.roles().isEmpty() && !rule.roles().contains(role)) {
                throw new Refusal(
                        Rule.ROLE_NOT_ALLOWED,
                        Messages.Policy_role(role, rule.id(), String.join(", ", rule.roles())));
            }
        }
        return wish.roles();
    }

    private static long ttl(Wish wish, IdentityRule rule) throws Refusal {
        if (wish.ttlSeconds() == 0) {
            return Math.min(DEFAULT_TTL_SECONDS, rule.maxTtlSeconds());
        }
        if (wish.ttlSeconds() > rule.maxTtlSeconds()) {
            throw new Refusal(
                    Rule.TTL_TOO_LONG,
                    Messages.Policy_ttl(
                            Durations.text(wish.ttlSeconds()), Durations.text(rule.maxTtlSeconds()), rule.id()));
        }
        return wish.ttlSeconds();
    }
}
