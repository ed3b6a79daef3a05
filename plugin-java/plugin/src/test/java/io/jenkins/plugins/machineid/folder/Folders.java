// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import com.cloudbees.hudson.plugins.folder.FakeFolder;
import hudson.model.FakeRun;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.util.List;
import jenkins.model.Jenkins;

/** Folders that define identities, for tests. */
public final class Folders {
    private Folders() {}

    /** Clusters: {@code main}, which lets these folders, and {@code other}, which lets none. Identities: none. */
    public static void allow(String... folders) {
        Cluster cluster = new Cluster("main", "teleport.example.com");
        cluster.setAllowedFolders(List.of(folders));
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of(cluster, new Cluster("other", "other.example.com")));
    }

    /** An administrator's identity of method {@code jenkins}, on any agent. */
    public static void administrator(String id, String token, String... jobs) {
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName(token);
        Identity identity = new Identity(id, "main");
        identity.setJoin(join);
        identity.setAllowedJobs(List.of(jobs));
        identity.setAgentsBy("any");
        MachineIdConfiguration.get().setIdentities(List.of(identity));
    }

    public static FakeFolder folder(String name, FolderIdentity... identities) {
        return below(Jenkins.get(), name, identities);
    }

    public static FakeFolder below(hudson.model.ItemGroup<? extends hudson.model.Item> parent, String name, FolderIdentity... identities) {
        return new FakeFolder(parent, name).set(property(identities));
    }

    public static FolderIdentitiesProperty property(FolderIdentity... identities) {
        FolderIdentitiesProperty property = new FolderIdentitiesProperty();
        property.setIdentities(List.of(identities));
        return property;
    }

    public static FakeRun run(FakeFolder folder, String name) {
        FakeRun run = new FakeRun(folder.getFullName() + "/" + name, name + "#1");
        run.in(folder);
        return run;
    }
}
