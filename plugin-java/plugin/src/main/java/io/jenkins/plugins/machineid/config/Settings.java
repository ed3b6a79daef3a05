// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityRule;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.access.RefusalLog;
import io.jenkins.plugins.machineid.field.FormFault;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Logger;

/**
 * All that is configured, as it held at one moment. Never changed: a change is another object, so that whoever takes
 * it once sees clusters, identities and rules that belong together.
 */
public final class Settings {
    static final Settings NONE = new Settings(List.of(), List.of());

    private static final Logger LOGGER = Logger.getLogger(Settings.class.getName());
    private static final RefusalLog REFUSALS = new RefusalLog(LOGGER::info, System::nanoTime);

    private final ArrayList<Cluster> clusters;
    private final ArrayList<Identity> identities;
    private final transient Policy policy;

    /** @throws IllegalArgumentException with a sentence for the reader */
    Settings(List<Cluster> clusters, List<Identity> identities) {
        this.clusters = new ArrayList<>(clusters);
        this.identities = new ArrayList<>(identities);
        unique(this.clusters.stream().map(Cluster::getName).toList());
        unique(this.identities.stream().map(Identity::getId).toList());
        this.clusters.forEach(each -> FormFault.entry(
                Messages.Form_named(Messages.Cluster_displayName(), each.getName()), each::check));
        this.identities.forEach(
                each -> FormFault.entry(Messages.Form_named(Messages.Identity_displayName(), each.getId()), each::check));
        Map<String, IdentityRule> rules = new HashMap<>();
        this.identities.forEach(identity -> rules.put(identity.getId(), identity.rule()));
        this.policy = new Policy(rules, REFUSALS);
    }

    private Settings(Settings base, List<Identity> more, Map<String, String> faults) {
        this.clusters = base.clusters;
        this.identities = new ArrayList<>(base.identities);
        this.identities.addAll(more);
        Map<String, IdentityRule> rules = new HashMap<>();
        more.forEach(identity -> rules.put(identity.getId(), identity.rule()));
        this.policy = base.policy.with(rules, faults);
    }

    /**
     * With what folders define beside it: never saved.
     *
     * @param more checked already
     * @param faults of others that they define, by name, as sentences
     */
    public Settings with(List<Identity> more, Map<String, String> faults) {
        return more.isEmpty() && faults.isEmpty() ? this : new Settings(this, more, faults);
    }

    /**
     * What clusters and identities say together. Asked when both are as they are to be: Configuration as Code sets the
     * one before the other.
     *
     * @throws IllegalArgumentException with a sentence for the reader
     */
    Settings checked() {
        for (Identity identity : identities) {
            Cluster cluster = cluster(identity.getCluster());
            if (cluster != null) {
                FormFault.entry(
                        Messages.Form_named(Messages.Identity_displayName(), identity.getId()),
                        () -> {
                            identity.getJoin()
                                    .checkCluster(cluster.getName(), cluster.getAddress(), cluster.getAddressKind());
                            SignedTokens.requireOwn(this, identity);
                        });
            }
        }
        return this;
    }

    Settings with(List<Cluster> others) {
        return new Settings(others, identities);
    }

    Settings withIdentities(List<Identity> others) {
        return new Settings(clusters, others);
    }

    /** What was read from disk, with what is not saved. */
    private Object readResolve() {
        return new Settings(
                clusters == null ? List.of() : clusters, identities == null ? List.of() : identities);
    }

    public List<Cluster> clusters() {
        return List.copyOf(clusters);
    }

    public List<Identity> identities() {
        return List.copyOf(identities);
    }

    /** Null when there is none of that name. */
    public Cluster cluster(String name) {
        return clusters.stream()
                .filter(cluster -> cluster.getName().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Null when there is none of that id. */
    public Identity identity(String id) {
        return identities.stream()
                .filter(identity -> identity.getId().equals(id))
                .findFirst()
                .orElse(null);
    }

    public Policy policy() {
        return policy;
    }

    private static void unique(List<String> names) {
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!seen.add(name)) {
                throw new IllegalArgumentException(Messages.Check_twice(name));
            }
        }
    }
}
