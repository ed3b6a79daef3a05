// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

/** A wish that isn't granted: the rule that says so and one sentence. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    /** The rules, with the code that stands in {@code docs/errors.md}. */
    public enum Rule {
        IDENTITY_MISSING("policy_identity_missing"),
        IDENTITY_UNKNOWN("policy_identity_unknown"),
        JOB_NOT_ALLOWED("policy_job"),
        NODE_NOT_BOUND("policy_node"),
        BUILT_IN_NODE("policy_built_in_node"),
        ROLE_NOT_ALLOWED("policy_role"),
        TTL_TOO_LONG("policy_ttl");

        private final String code;

        Rule(String code) {
            this.code = code;
        }

        public String code() {
            return code;
        }
    }

    private final Rule rule;

    Refusal(Rule rule, String sentence) {
        super(sentence + " [" + rule.code() + "]");
        this.rule = rule;
    }

    public Rule rule() {
        return rule;
    }
}
