// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Computer;
import hudson.model.Node;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.config.AgentFacts;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import io.jenkins.plugins.machineid.credential.CredentialTrouble;
import jenkins.model.Jenkins;

/** What the controller's own configuration says about a node and an identity. */
final class NodeLookup {
    private NodeLookup() {}

    static NodeFacts facts(Computer computer) throws AbortException {
        return AgentFacts.of(node(computer));
    }

    /**
     * What an engine is opened with on this agent, token included; the caller closes it.
     *
     * @param settings by which all else about the job was decided: a folder's identities are in no others
     * @throws AbortException also when the agent may not have the identity, whoever asks
     * @throws CredentialTrouble when a secret's credential can't be read, which may take a while to be known
     */
    static EngineConfig engineConfig(Settings settings, Computer computer, String identityId)
            throws AbortException, InterruptedException {
        MachineIdNodeProperty property = node(computer).getNodeProperty(MachineIdNodeProperty.class);
        return engineConfig(
                settings,
                facts(computer),
                identityId,
                property == null ? null : property.binding(identityId));
    }

    /** Here, and nowhere else, a token leaves the configuration. */
    static EngineConfig engineConfig(Settings settings, NodeFacts node, String identityId, Binding binding)
            throws AbortException, InterruptedException {
        try {
            settings.policy().requireAgent(identityId, node);
            // Before any provider is asked: who wrote the id there may have no right to the credential.
            if (binding != null
                    && binding.ownToken() instanceof CredentialRef ref
                    && settings.identity(identityId).getJoin().keepsSecret()) {
                settings.policy().requireCredential(identityId, node, ref.id());
            }
        } catch (Refusal refusal) {
            throw new AbortException(Messages.Console_prefix() + refusal.getMessage());
        }
        Identity identity = settings.identity(identityId);
        Cluster cluster = settings.cluster(identity.getCluster());
        if (cluster == null) {
            throw new AbortException(
                    Messages.Console_prefix() + Messages.Lease_clusterMissing(identityId) + " [policy_cluster_unknown]");
        }
        return EngineConfig.open(cluster, identity, binding);
    }

    static String scope(Settings settings, String identityId) {
        Identity identity = settings.identity(identityId);
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
