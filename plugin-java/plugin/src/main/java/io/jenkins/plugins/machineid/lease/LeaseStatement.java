// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Node;
import hudson.model.Run;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.issuer.BuildFacts;
import io.jenkins.plugins.machineid.issuer.BuildFactsReader;
import io.jenkins.plugins.machineid.issuer.IssuerFailure;
import io.jenkins.plugins.machineid.issuer.StatedNode;
import io.jenkins.plugins.machineid.issuer.Statement;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.issuer.Statements;
import io.jenkins.plugins.machineid.join.JoinMethod;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Who a build or an agent is, as this controller states it for one join of one lease. Nothing in it is the agent's or the
 * pipeline's word. {@link #close} wipes it.
 */
final class LeaseStatement implements AutoCloseable {
    /** Null: none is needed. */
    private final Statement signed;

    private LeaseStatement(Statement signed) {
        this.signed = signed;
    }

    /** Signs it. */
    private interface Signing {
        Statement by(StatementForm form, String audience) throws AbortException;
    }

    /** About a build, where the identity joins so; the policy has been asked. */
    static LeaseStatement ofBuild(Settings settings, String identityId, Run<?, ?> run, Node node) throws AbortException {
        return ofBuild(settings, identityId, () -> BuildFactsReader.of(run, node));
    }

    /** The job may have got another name since the policy was asked. */
    private static BuildFacts allowed(Settings settings, String identityId, BuildFacts facts) throws AbortException {
        if (!settings.policy().allows(identityId, facts.job())) {
            throw new AbortException(Messages.Console_prefix()
                    + Messages.Policy_job(facts.job(), Messages.Policy_identity(identityId))
                    + " [policy_job]");
        }
        return facts;
    }

    /** @param facts read only where something is signed */
    static LeaseStatement ofBuild(Settings settings, String identityId, Supplier<BuildFacts> facts) throws AbortException {
        requireBuilds(settings, identityId);
        return sign(settings, identityId, (form, audience) ->
                Statements.sign(form, allowed(settings, identityId, facts.get()), identityId, audience));
    }

    /** About an agent, whichever build runs there; as above. */
    static LeaseStatement ofAgent(Settings settings, String identityId, Node node) throws AbortException {
        requireAgents(settings, identityId, node.getDisplayName());
        return sign(settings, identityId, (form, audience) ->
                Statements.sign(form, StatedNode.of(node), identityId, audience));
    }

    /** What is stated about a build is for nothing that outlives it; what an agent proves by itself is for both. */
    static void requireAgents(Settings settings, String identityId, String agent) throws AbortException {
        JoinMethod join = join(settings, identityId);
        if (join != null && join.statement().isPresent() && !join.statesAgents()) {
            throw new AbortException(Messages.Lease_standingStatement(identityId, agent));
        }
    }

    /** What is stated about an agent is for nobody's build. */
    static void requireBuilds(Settings settings, String identityId) throws AbortException {
        JoinMethod join = join(settings, identityId);
        if (join != null && join.statesAgents()) {
            throw new AbortException(Messages.Lease_agentScope(identityId));
        }
    }

    private static LeaseStatement sign(Settings settings, String identityId, Signing signing) throws AbortException {
        JoinMethod join = join(settings, identityId);
        if (join == null || join.statement().isEmpty()) {
            return new LeaseStatement(null);
        }
        try {
            return new LeaseStatement(signing.by(join.statement().get(), join.statedFor(cluster(settings, identityId).audience())));
        } catch (IssuerFailure e) {
            throw new AbortException(Messages.Console_prefix() + e.getMessage());
        }
    }

    /** The queue of those that are about to join; empty where nothing is signed. */
    static Optional<JoinQueue> queue(Settings settings, String identityId) {
        JoinMethod join = join(settings, identityId);
        return join == null || join.statement().isEmpty()
                ? Optional.empty()
                : Optional.of(JoinQueue.of(cluster(settings, identityId).getAddress()));
    }

    /** Null when there is no such identity, or its cluster isn't there. */
    private static JoinMethod join(Settings settings, String identityId) {
        Identity identity = settings.identity(identityId);
        Cluster cluster = identity == null ? null : settings.cluster(identity.getCluster());
        return cluster == null ? null : identity.getJoin();
    }

    private static Cluster cluster(Settings settings, String identityId) {
        return settings.cluster(settings.identity(identityId).getCluster());
    }

    boolean isNeeded() {
        return signed != null;
    }

    /** Its own id, which is no secret; only where one is needed. */
    String id() {
        return signed.id();
    }

    /** Null where none is needed; valid until {@link #close}. */
    byte[] bytes() {
        return signed == null ? null : signed.token();
    }

    @Override
    public void close() {
        if (signed != null) {
            signed.close();
        }
    }
}
