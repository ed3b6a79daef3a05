// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityRule;
import io.jenkins.plugins.machineid.access.Policy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jenkins.model.GlobalConfiguration;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.StaplerRequest2;

/** Clusters and identities: the section of the system configuration. */
@Extension
@Symbol("machineId")
public class MachineIdConfiguration extends GlobalConfiguration {
    private List<Cluster> clusters;
    private List<Identity> identities;

    public MachineIdConfiguration() {
        load();
    }

    public static MachineIdConfiguration get() {
        return ExtensionList.lookupSingleton(MachineIdConfiguration.class);
    }

    @Override
    public String getDisplayName() {
        return Messages.Configuration_displayName();
    }

    public List<Cluster> getClusters() {
        return clusters == null ? List.of() : List.copyOf(clusters);
    }

    @DataBoundSetter
    public void setClusters(List<Cluster> clusters) {
        unique(clusters.stream().map(Cluster::getName).toList());
        this.clusters = clusters.isEmpty() ? null : new ArrayList<>(clusters);
        save();
    }

    public List<Identity> getIdentities() {
        return identities == null ? List.of() : List.copyOf(identities);
    }

    @DataBoundSetter
    public void setIdentities(List<Identity> identities) {
        unique(identities.stream().map(Identity::getId).toList());
        identities.forEach(identity -> Tokens.notBoth(identity.getToken(), identity.getTokenFile()));
        this.identities = identities.isEmpty() ? null : new ArrayList<>(identities);
        save();
    }

    /** Null when there is none of that name. */
    public Cluster cluster(String name) {
        return getClusters().stream()
                .filter(cluster -> cluster.getName().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Null when there is none of that id. */
    public Identity identity(String id) {
        return getIdentities().stream()
                .filter(identity -> identity.getId().equals(id))
                .findFirst()
                .orElse(null);
    }

    public Policy policy() {
        Map<String, IdentityRule> rules = new HashMap<>();
        getIdentities().forEach(identity -> rules.put(identity.getId(), identity.rule()));
        return new Policy(rules);
    }

    @Override
    public boolean configure(StaplerRequest2 req, JSONObject json) throws FormException {
        List<Cluster> oldClusters = clusters;
        List<Identity> oldIdentities = identities;
        // A form whose last entry was removed sends no key at all for the list.
        clusters = null;
        identities = null;
        try {
            req.bindJSON(this, json);
        } catch (RuntimeException e) {
            clusters = oldClusters;
            identities = oldIdentities;
            save();
            throw new FormException(Sentences.of(e), "machineId");
        }
        save();
        return true;
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
