// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

/**
 * A wish that isn't granted: the rule that says so and one sentence.
 *
 * <p>The message is for the job: it names the job, and what the job itself asked for. What an administrator needs
 * beside it, such as patterns and other identities, is the detail.
 */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    /** The rules, with the code that stands in {@code docs/errors-jenkins.md}. */
    public enum Rule {
        IDENTITY_MISSING("policy_identity_missing"),
        /** Also an identity that isn't configured: a job is not told which ones exist. */
        JOB_NOT_ALLOWED("policy_job"),
        /** A folder defines it, and may not, or not so. */
        FOLDER_NOT_ALLOWED("policy_folder"),
        /** A folder and an administrator define an identity of this id. */
        IDENTITY_TWICE("policy_identity_twice"),
        NODE_NOT_ALLOWED("policy_node"),
        /** A credential of the system that an agent brings as its token. */
        CREDENTIAL_NOT_ALLOWED("policy_credential"),
        BUILT_IN_NODE("policy_built_in_node"),
        STANDING_OPEN("policy_standing"),
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
    private final String detail;

    Refusal(Rule rule, String sentence, String detail) {
        super(sentence + " [" + rule.code() + "]");
        this.rule = rule;
        this.detail = detail;
    }

    public Rule rule() {
        return rule;
    }

    /** For the administrator's log alone. */
    public String detail() {
        return detail;
    }
}
