// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import hudson.model.Job;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.config.AgentFacts;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.issuer.BuildFactsReader;
import io.jenkins.plugins.machineid.issuer.IssuerAddress;
import io.jenkins.plugins.machineid.issuer.SigningKeys;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.lease.SeenServer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import jenkins.model.Jenkins;

/**
 * Reads the plans from the configuration. Whoever shows them asks for the permission first.
 *
 * @param jwks the public keys; asked for only where they are needed
 * @param jobs full names of the jobs that rules may be made of; they may be left out where no rule needs them
 * @param nodes all agents
 */
record Plans(Settings settings, Supplier<String> jwks, List<String> jobs, List<NodeFacts> nodes) {
    static Plans of(Settings settings) {
        boolean needed = settings.identities().stream().anyMatch(Plans::needsJobs);
        return new Plans(settings, once(() -> SigningKeys.get().jwks()), needed ? names(Jenkins.get()) : List.of(), nodes(Jenkins.get()));
    }

    /** The keys may be in a store that is slow or silent: for all identities of a page it is asked once. */
    static Supplier<String> once(Supplier<String> keys) {
        AtomicReference<Supplier<String>> known = new AtomicReference<>();
        return () -> {
            if (known.get() == null) {
                try {
                    String jwks = keys.get();
                    known.set(() -> jwks);
                } catch (IllegalStateException e) {
                    known.set(() -> {
                        throw e;
                    });
                }
            }
            return known.get().get();
        };
    }

    @SuppressWarnings("rawtypes")
    private static List<String> names(Jenkins jenkins) {
        List<Job> jobs = jenkins.getAllItems(Job.class);
        // Whoever opens a change request writes its pipeline: only somebody who names its job lets it in.
        return jobs.stream()
                .filter(job -> !BuildFactsReader.mayBeForeign(job))
                .map(Job::getFullName)
                .sorted()
                .toList();
    }

    private static List<NodeFacts> nodes(Jenkins jenkins) {
        return jenkins.getNodes().stream().map(AgentFacts::of).toList();
    }

    /** Patterns stand for jobs that there are, where the form has no patterns of its own. */
    private static boolean needsJobs(Identity identity) {
        return identity.getJoin().statement().equals(Optional.of(StatementForm.KUBERNETES))
                && !identity.getJoin().statesAgents()
                && !identity.getAllowedJobs().stream().map(JobPattern::new).allMatch(JobPattern::isName);
    }

    /** The token resources that hold the public keys, with their clusters: the same name may be in several. */
    static List<String> keyHolders(Settings settings) {
        return settings.identities().stream()
                .filter(identity -> identity.getJoin().statement().isPresent())
                .map(identity -> Messages.Setup_keyHolder(identity.getJoin().resource().orElse(""), identity.getCluster()))
                .toList();
    }

    /** @throws IllegalStateException with a sentence for people */
    Plan plan(Identity identity) {
        JoinMethod join = identity.getJoin();
        return new Plan(
                identity.getId(),
                identity.getRoles(),
                join.symbol(),
                join.resource().orElse(""),
                join.statement().map(form -> signed(identity, form)).orElse(null),
                seen(identity.getCluster()).map(SeenServer::version).orElse(null));
    }

    /** @param cluster its name */
    Optional<SeenServer> seen(String cluster) {
        return Optional.ofNullable(settings.cluster(cluster)).flatMap(SeenServer::of);
    }

    private Plan.Signed signed(Identity identity, StatementForm form) {
        Cluster cluster = settings.cluster(identity.getCluster());
        if (cluster == null) {
            throw new IllegalStateException(Messages.Check_clusterUnknown(identity.getCluster()));
        }
        List<String> existing = needsJobs(identity) ? existing(identity) : List.of();
        return new Plan.Signed(
                form,
                identity.getJoin().statedFor(cluster.audience()),
                IssuerAddress.issuer(),
                jwks.get(),
                identity.getJoin().statesAgents()
                        ? agents(identity, form)
                        : AllowRules.of(form, identity.getId(), identity.getAllowedJobs(), existing),
                existing);
    }

    private AllowRules agents(Identity identity, StatementForm form) {
        List<String> named = nodes.stream()
                .filter(node -> !node.builtIn() && settings.policy().names(identity.getId(), node))
                .map(NodeFacts::name)
                .sorted()
                .toList();
        return AgentRules.of(
                form, identity.getId(), identity.rule().agents(), identity.isBuiltInNodeAllowed(), named);
    }

    private List<String> existing(Identity identity) {
        return jobs.stream()
                .filter(job -> settings.policy().allows(identity.getId(), job))
                .toList();
    }
}
