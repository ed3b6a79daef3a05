// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Label;
import hudson.model.Node;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.List;
import jenkins.model.Jenkins;

/** What the controller's own configuration says of a node. */
public final class AgentFacts {
    private AgentFacts() {}

    public static NodeFacts of(Node node) {
        MachineIdNodeProperty property = node.getNodeProperty(MachineIdNodeProperty.class);
        boolean builtIn = node instanceof Jenkins;
        return new NodeFacts(
                node.getNodeName(),
                node.getDisplayName(),
                builtIn,
                builtIn || AgentNames.vouched(node),
                expression -> matches(node, expression),
                property != null,
                property == null || property.isOnlyAllowedJobs(),
                property == null ? List.of() : property.names(),
                property == null ? "" : Texts.orEmpty(property.getDefaultIdentity()));
    }

    /** An expression that can't be read matches nothing. */
    private static boolean matches(Node node, String expression) {
        Label label = Jenkins.get().getLabel(expression);
        return label != null && label.matches(node);
    }
}
