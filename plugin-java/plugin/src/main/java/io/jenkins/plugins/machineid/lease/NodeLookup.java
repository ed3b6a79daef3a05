// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Computer;
import hudson.model.Node;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.config.Texts;
import java.util.List;
import jenkins.model.Jenkins;

/** What the controller's own configuration says about a node and an identity. */
final class NodeLookup {
    private NodeLookup() {}

    static NodeFacts facts(Computer computer) throws AbortException {
        Node node = node(computer);
        MachineIdNodeProperty property = node.getNodeProperty(MachineIdNodeProperty.class);
        return new NodeFacts(
                computer.getDisplayName(),
                node instanceof Jenkins,
                property != null,
                property == null
                        ? List.of()
                        : property.getIdentities().stream().map(Binding::getIdentity).toList(),
                property == null ? "" : Texts.orEmpty(property.getDefaultIdentity()));
    }

    /** The caller closes it. */
    static EngineConfig engineConfig(Computer computer, String identityId) throws AbortException {
        MachineIdConfiguration configuration = MachineIdConfiguration.get();
        Identity identity = configuration.identity(identityId);
        if (identity == null) {
            throw new AbortException(Messages.Console_prefix() + Messages.Policy_identityUnknown(identityId)
                    + " [policy_identity_unknown]");
        }
        Cluster cluster = configuration.cluster(identity.getCluster());
        if (cluster == null) {
            throw new AbortException(Messages.Console_prefix()
                    + Messages.Lease_clusterMissing(identityId, identity.getCluster()) + " [policy_cluster_unknown]");
        }
        MachineIdNodeProperty property = node(computer).getNodeProperty(MachineIdNodeProperty.class);
        return EngineConfig.of(cluster, identity, property == null ? null : property.binding(identityId));
    }

    static String scope(String identityId) {
        Identity identity = MachineIdConfiguration.get().identity(identityId);
        return identity == null ? "agent" : identity.getCacheScope();
    }

    /** Null when there is no such node, or no computer for it now. */
    static Computer computer(String nodeName) {
        Jenkins jenkins = Jenkins.get();
        Node node = nodeName.isEmpty() ? jenkins : jenkins.getNode(nodeName);
        return node == null ? null : node.toComputer();
    }

    private static Node node(Computer computer) throws AbortException {
        Node node = computer.getNode();
        if (node == null) {
            throw new AbortException(Messages.Lease_offline(computer.getDisplayName()));
        }
        return node;
    }
}
