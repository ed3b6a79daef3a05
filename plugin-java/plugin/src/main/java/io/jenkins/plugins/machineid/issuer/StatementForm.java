// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a statement about a build is written: as the tokens of a join method that the cluster knows. */
public enum StatementForm {
    /** Knows job and identity alone, by exact rules. */
    KUBERNETES("kubernetes", "12.4, 13.4 or 14") {
        @Override
        public Map<String, Object> claims(BuildFacts facts, String identity) {
            JobName job = JobName.of(facts.job());
            Map<String, Object> claims = new LinkedHashMap<>();
            claims.put("sub", "system:serviceaccount:" + job.serviceAccount(identity));
            // From 17 on the server reads the account's name without asking whether it is there.
            claims.put("kubernetes.io", Map.of(
                    "namespace", job.namespace(),
                    "pod", Map.of("name", tag(facts), "uid", facts.url()),
                    "serviceaccount", Map.of("name", job.account(), "uid", String.valueOf(facts.number()))));
            return claims;
        }
    },

    /** Knows job, folder, branch, cause and user; rules may have wildcards. */
    GITLAB("gitlab", "16.4.18 or 17.4") {
        @Override
        public Map<String, Object> claims(BuildFacts facts, String identity) {
            JobName job = JobName.of(facts.job());
            Map<String, Object> claims = new LinkedHashMap<>();
            claims.put("sub", "job:" + job.path() + ":build:" + facts.number());
            claims.put("project_path", job.path());
            claims.put("namespace_path", job.namespace());
            claims.put("ref", ref(facts));
            claims.put("ref_type", refType(facts));
            // The one that a rule compares as it is and that has no other use here.
            claims.put("environment", identity);
            claims.put("user_login", facts.startedBy());
            claims.put("pipeline_source", facts.cause());
            claims.put("pipeline_id", String.valueOf(facts.number()));
            claims.put("ci_config_ref_uri", facts.url());
            claims.put("runner_environment", "self-hosted");
            return claims;
        }
    },

    /** Knows all of it, in claims of our own. */
    GENERIC_OIDC("generic_oidc", "18.11") {
        @Override
        public Map<String, Object> claims(BuildFacts facts, String identity) {
            JobName job = JobName.of(facts.job());
            Map<String, Object> jenkins = new LinkedHashMap<>();
            jenkins.put("identity", identity);
            jenkins.put("controller", facts.controller());
            jenkins.put("job", facts.job());
            jenkins.put("folder", job.folder());
            jenkins.put("name", job.name());
            jenkins.put("number", facts.number());
            jenkins.put("url", facts.url());
            jenkins.put("branch", facts.branch());
            jenkins.put("change_request", facts.changeRequest());
            jenkins.put("fork", facts.fork());
            jenkins.put("started_by", facts.startedBy());
            jenkins.put("cause", facts.cause());
            jenkins.put("node", facts.node());
            jenkins.put("labels", facts.labels());
            Map<String, Object> claims = new LinkedHashMap<>();
            claims.put("sub", job.path());
            claims.put("jenkins", jenkins);
            return claims;
        }
    };

    /**
     * What is chosen where nobody chose: each version that takes any form takes this one, so that the choice for a cluster's
     * version never is another one. A token resource names its form, and an identity's must not change under it.
     */
    public static final StatementForm CHOSEN = KUBERNETES;

    private final String method;
    private final String since;

    StatementForm(String method, String since) {
        this.method = method;
        this.since = since;
    }

    /** Teleport's name of the join method. */
    public String method() {
        return method;
    }

    /** The first versions of Teleport that take it, with keys that are given to them. */
    public String since() {
        return since;
    }

    /** Whether a cluster of that version takes it. */
    public boolean isTakenBy(TeleportVersion version) {
        return version.isSince(since);
    }

    /** Teleport's names of them, the one that is chosen where nobody chose first. */
    public static List<String> methods() {
        return Arrays.stream(values()).map(StatementForm::method).toList();
    }

    /** Empty: no form is called so. */
    public static Optional<StatementForm> named(String method) {
        return Arrays.stream(values()).filter(form -> form.method.equals(method)).findFirst();
    }

    /** Whether statements of it have to be for the cluster's own name; else the token resource says for whom. */
    public boolean isForClustersName() {
        return this != GENERIC_OIDC;
    }

    /** Those that a cluster of that version takes. */
    public static List<StatementForm> takenBy(TeleportVersion version) {
        return Arrays.stream(values()).filter(form -> form.isTakenBy(version)).toList();
    }

    /**
     * All claims about the build; those about the statement itself (issuer, audience, times) aren't among them.
     *
     * @param identity id of the one that it is to have: the token resource of another one takes it no more than another job
     */
    public abstract Map<String, Object> claims(BuildFacts facts, String identity);

    /** As Jenkins' own {@code BUILD_TAG}. For people: it isn't unique. */
    private static String tag(BuildFacts facts) {
        return "jenkins-" + facts.job().replace('/', '-') + "-" + facts.number();
    }

    /** What comes from elsewhere must not look like a branch of the repository, whatever it is called. */
    private static String refType(BuildFacts facts) {
        if (facts.fork()) {
            return "fork";
        }
        if (!facts.changeRequest().isEmpty()) {
            return "change_request";
        }
        return facts.branch().isEmpty() ? "" : "branch";
    }

    private static String ref(BuildFacts facts) {
        String own = facts.changeRequest().isEmpty() ? facts.branch() : facts.changeRequest();
        String type = refType(facts);
        return type.isEmpty() || type.equals("branch") ? own : type + "/" + own;
    }
}
