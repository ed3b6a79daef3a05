// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import java.util.List;
import java.util.Map;

/** How token resources of the methods begin by which an agent proves itself; what only its owner knows is to be changed. */
final class MethodRules {
    static final String CHANGE = "CHANGE-ME";

    private static final String IN_CLUSTER = "in_cluster";

    private static final Map<String, Map<String, Object>> RULES = Map.ofEntries(
            Map.entry("bound_keypair", below("bound_keypair", Trees.map(
                    "recovery", Trees.map("mode", "standard", "limit", 1)))),
            Map.entry("iam", Map.of("allow", List.of(Trees.map(
                    "aws_account", CHANGE, "aws_arn", "arn:aws:sts::" + CHANGE + ":assumed-role/" + CHANGE + "/*")))),
            Map.entry("azure", allow("azure", "subscription", CHANGE, "resource_groups", List.of(CHANGE))),
            Map.entry("gcp", allow("gcp", "project_ids", List.of(CHANGE), "service_accounts", List.of(CHANGE))),
            Map.entry("kubernetes", below("kubernetes", Trees.map(
                    "type", IN_CLUSTER, "allow", List.of(Map.of("service_account", CHANGE + ":" + CHANGE))))),
            Map.entry("github", allow("github", "repository", CHANGE + "/" + CHANGE)),
            Map.entry("gitlab", below("gitlab", Trees.map(
                    "domain", CHANGE, "allow", List.of(Map.of("project_path", CHANGE + "/" + CHANGE))))),
            Map.entry("circleci", below("circleci", Trees.map(
                    "organization_id", CHANGE, "allow", List.of(Map.of("project_id", CHANGE))))),
            Map.entry("spacelift", below("spacelift", Trees.map(
                    "hostname", CHANGE, "allow", List.of(Map.of("space_id", CHANGE))))),
            Map.entry("terraform_cloud", allow(
                    "terraform_cloud", "organization_name", CHANGE, "project_name", CHANGE)),
            Map.entry("bitbucket", below("bitbucket", Trees.map(
                    "audience", CHANGE, "identity_provider_url", CHANGE,
                    "allow", List.of(Trees.map("workspace_uuid", CHANGE, "repository_uuid", CHANGE))))),
            Map.entry("azure_devops", below("azure_devops", Trees.map(
                    "organization_id", CHANGE, "allow", List.of(Map.of("project_name", CHANGE))))),
            Map.entry("env0", allow("env0", "organization_id", CHANGE, "project_id", CHANGE)),
            Map.entry("generic_oidc", below("generic_oidc", Trees.map(
                    "issuer", CHANGE, "audience", CHANGE,
                    "allow_any", List.of(Map.of("conditions", List.of(Trees.map(
                            "attribute", "sub", "eq", Map.of("value", CHANGE)))))))));

    private MethodRules() {}

    /** What stands in the resource's {@code spec} beside its method. */
    static Map<String, Object> of(String method) {
        return RULES.getOrDefault(method, Map.of());
    }

    private static Map<String, Object> allow(String method, Object... pairs) {
        return below(method, Map.of("allow", List.of(Trees.map(pairs))));
    }

    private static Map<String, Object> below(String method, Map<String, Object> rules) {
        return Map.of(method, rules);
    }
}
