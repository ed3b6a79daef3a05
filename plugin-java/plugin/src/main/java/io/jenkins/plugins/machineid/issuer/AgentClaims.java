// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is stated about an agent, as the forms write it. Nothing of it is written as it is for a build: a rule that takes
 * builds takes no agent, and the other way round.
 */
final class AgentClaims {
    private AgentClaims() {}

    /** @param identity id of the one that the agent is to have */
    static Map<String, Object> of(StatementForm form, StatedNode node, String identity) {
        return switch (form) {
            case KUBERNETES -> kubernetes(node, identity);
            case GITLAB -> gitlab(node, identity);
            case GENERIC_OIDC -> oidc(node, identity);
        };
    }

    private static Map<String, Object> kubernetes(StatedNode node, String identity) {
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("sub", "system:serviceaccount:" + node.serviceAccount(identity));
        claims.put("kubernetes.io", Map.of(
                "namespace", StatedNode.namespace(),
                "pod", Map.of("name", "jenkins-agent-" + node.account(), "uid", node.url()),
                "serviceaccount", Map.of("name", node.account(), "uid", "agent")));
        return claims;
    }

    private static Map<String, Object> gitlab(StatedNode node, String identity) {
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("sub", "agent:" + node.account());
        claims.put("project_path", StatedNode.path(node.account()));
        claims.put("namespace_path", StatedNode.namespace());
        // The one that a rule takes patterns of and that has no other use here.
        claims.put("ref", node.labelText());
        claims.put("ref_type", "agent");
        claims.put("environment", StatedNode.environment(identity));
        claims.put("user_login", "");
        claims.put("pipeline_source", "");
        claims.put("pipeline_id", "");
        claims.put("ci_config_ref_uri", node.url());
        claims.put("runner_environment", "self-hosted");
        return claims;
    }

    private static Map<String, Object> oidc(StatedNode node, String identity) {
        Map<String, Object> jenkins = new LinkedHashMap<>();
        jenkins.put("agent_identity", identity);
        jenkins.put("controller", node.controller());
        jenkins.put("agent", node.account());
        jenkins.put("agent_labels", node.labelText());
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("sub", "agent:" + node.account());
        claims.put("jenkins", jenkins);
        return claims;
    }
}
