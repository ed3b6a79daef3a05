// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a folder defines, held against what administrators allow.
 *
 * @param name of the identity, with the folder
 * @param cluster its name
 * @param identity for the policy, which refuses an id that an administrator's identity has; null: there is none
 * @param fault why nobody can have it, as a sentence; null: nothing is wrong
 */
public record Defined(String name, String cluster, Identity identity, String fault) {
    /** The join method of each of them, as it is called in Jenkins. */
    public static final String METHOD = JenkinsJoin.SYMBOL;

    /** In one folder: each question about a job reads them all, and the policy's rounds ask for each block. */
    static final int MOST = 100;

    static List<Defined> in(String folder, List<FolderIdentity> identities, Settings settings) {
        Set<String> seen = new HashSet<>();
        List<Defined> all = new ArrayList<>();
        if (identities.size() > MOST) {
            // One stands for all: none of them is looked at.
            String fault = Messages.Folder_malformed(folder, Messages.Check_most(identities.size(), MOST));
            return List.of(new Defined(
                    IdentityName.of(folder, IdentityName.EACH), identities.get(0).getCluster(), null, fault));
        }
        for (FolderIdentity each : identities) {
            String name = IdentityName.of(folder, each.getId());
            if (seen.add(each.getId())) {
                all.add(one(folder, name, each, settings));
            } else {
                all.removeIf(before -> before.name().equals(name));
                all.add(new Defined(name, each.getCluster(), null, Messages.Check_twice(name)));
            }
        }
        return all;
    }

    private static Defined one(String folder, String name, FolderIdentity defined, Settings settings) {
        String fault = fault(folder, defined, settings);
        if (fault != null) {
            return new Defined(name, defined.getCluster(), null, fault);
        }
        Identity identity = defined.in(folder, settings.cluster(defined.getCluster()));
        // A digest that was guessed: nobody has such an id by chance.
        boolean meets = settings.identity(IdentityName.plain(name)) != null;
        boolean twice = meets || settings.identity(defined.getId()) != null;
        return new Defined(
                name,
                defined.getCluster(),
                meets ? null : identity,
                twice ? Messages.Policy_identityTwice(folder, defined.getId()) : null);
    }

    private static String fault(String folder, FolderIdentity defined, Settings settings) {
        Cluster cluster = settings.cluster(defined.getCluster());
        if (cluster == null || !cluster.allowsFolder(folder)) {
            // One sentence for both: which clusters there are isn't theirs to find out.
            return Messages.Folder_cluster(folder, defined.getCluster());
        }
        // Names of jobs become patterns: the folder's own part must stand for itself.
        if (folder.indexOf('*') >= 0) {
            return Messages.Folder_star(folder);
        }
        try {
            defined.check();
            return null;
        } catch (IllegalArgumentException e) {
            return Messages.Folder_malformed(folder, e.getMessage());
        } catch (RuntimeException e) {
            // A config.xml holds whatever its sender likes.
            return Messages.Folder_malformed(folder, e.getClass().getSimpleName());
        }
    }
}
