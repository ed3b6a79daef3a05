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
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.issuer.Statements;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Who a build is, as this controller states it for one join of one lease. Nothing in it is the agent's or the pipeline's
 * word. {@link #close} wipes it.
 */
final class BuildStatement implements AutoCloseable {
    private final byte[] bytes;

    private BuildStatement(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Signs one, where the identity joins so; the policy has been asked. */
    static BuildStatement of(Settings settings, String identityId, Run<?, ?> run, Node node) throws AbortException {
        return of(settings, identityId, () -> BuildFactsReader.of(run, node));
    }

    /** @param facts read only where something is signed */
    static BuildStatement of(Settings settings, String identityId, Supplier<BuildFacts> facts) throws AbortException {
        Identity identity = settings.identity(identityId);
        Optional<StatementForm> form = form(settings, identityId);
        if (form.isEmpty()) {
            return new BuildStatement(null);
        }
        String audience = identity.getJoin().statedFor(settings.cluster(identity.getCluster()).audience());
        try {
            return new BuildStatement(Statements.sign(form.get(), facts.get(), identityId, audience));
        } catch (IssuerFailure e) {
            throw new AbortException(Messages.Console_prefix() + e.getMessage());
        }
    }

    /** The queue of those that are about to join; empty where nothing is signed. */
    static Optional<JoinQueue> queue(Settings settings, String identityId) {
        return form(settings, identityId)
                .map(form -> settings.cluster(settings.identity(identityId).getCluster()).getAddress())
                .map(JoinQueue::of);
    }

    private static Optional<StatementForm> form(Settings settings, String identityId) {
        Identity identity = settings.identity(identityId);
        Cluster cluster = identity == null ? null : settings.cluster(identity.getCluster());
        return cluster == null ? Optional.empty() : identity.getJoin().statement();
    }

    boolean isNeeded() {
        return bytes != null;
    }

    /** Null where none is needed; valid until {@link #close}. */
    byte[] bytes() {
        return bytes;
    }

    @Override
    public void close() {
        if (bytes != null) {
            Arrays.fill(bytes, (byte) 0);
        }
    }
}
