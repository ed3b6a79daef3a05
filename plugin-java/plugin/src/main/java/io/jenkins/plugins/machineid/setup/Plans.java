// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import hudson.model.Job;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.issuer.IssuerAddress;
import io.jenkins.plugins.machineid.issuer.SigningKeys;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.NamedTokenJoin;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import jenkins.model.Jenkins;

/**
 * Reads the plans from the configuration. Whoever shows them asks for the permission first.
 *
 * @param jwks the public keys; asked for only where they are needed
 * @param jobs full names of all jobs; as above
 */
record Plans(Settings settings, Supplier<String> jwks, Supplier<Stream<String>> jobs) {
    static Plans of(Settings settings) {
        return new Plans(settings, () -> SigningKeys.get().jwks(), () -> names(Jenkins.get()));
    }

    @SuppressWarnings("rawtypes")
    private static Stream<String> names(Jenkins jenkins) {
        List<Job> jobs = jenkins.getAllItems(Job.class);
        return jobs.stream().map(Job::getFullName);
    }

    /** @throws IllegalStateException with a sentence for people */
    Plan plan(Identity identity) {
        JoinMethod join = identity.getJoin();
        String name = join instanceof NamedTokenJoin named ? named.getTokenName() : null;
        return new Plan(
                identity.getId(),
                identity.getRoles(),
                join.symbol(),
                name == null ? "" : name,
                join.statement().map(form -> signed(identity, form)).orElse(null));
    }

    private Plan.Signed signed(Identity identity, StatementForm form) {
        Cluster cluster = settings.cluster(identity.getCluster());
        if (cluster == null) {
            throw new IllegalStateException(Messages.Check_clusterUnknown(identity.getCluster()));
        }
        return new Plan.Signed(
                form,
                identity.getJoin().audience(cluster.getAddress()),
                form == StatementForm.GENERIC_OIDC ? IssuerAddress.issuer() : "",
                jwks.get(),
                identity.getAllowedJobs(),
                form == StatementForm.KUBERNETES ? existing(identity) : List.of());
    }

    private List<String> existing(Identity identity) {
        return jobs.get()
                .filter(job -> settings.policy().allows(identity.getId(), job))
                .sorted()
                .toList();
    }
}
