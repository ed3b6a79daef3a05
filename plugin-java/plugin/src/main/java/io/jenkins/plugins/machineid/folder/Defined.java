// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.reply.AgentText;
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

    /** In one folder, and in all folders above a job: as {@link #weight} counts them. */
    static final int MOST_CHARACTERS = 20_000;

    /** Of an id or a cluster's name that is none. */
    private static final int LONGEST = 100;

    /** Nobody else's console or page is steered by what a folder's owner has sent. */
    public Defined {
        cluster = AgentText.line(cluster, LONGEST);
        fault = fault == null ? null : AgentText.line(fault);
    }

    static List<Defined> in(String folder, List<FolderIdentity> identities, Settings settings) {
        // One stands for all: none of them is looked at.
        if (identities.size() > MOST) {
            return List.of(none(folder, Messages.Check_most(identities.size(), MOST)));
        }
        if (weight(folder, identities) > MOST_CHARACTERS) {
            return List.of(none(folder, Messages.Folder_long(MOST_CHARACTERS)));
        }
        Set<String> seen = new HashSet<>();
        List<Defined> all = new ArrayList<>();
        for (FolderIdentity each : identities) {
            String name = IdentityName.of(folder, id(each));
            if (seen.add(name)) {
                all.add(one(folder, name, each, settings));
            } else {
                all.removeIf(before -> before.name().equals(name));
                all.add(new Defined(name, each.getCluster(), null, Messages.Check_twice(name)));
            }
        }
        return all;
    }

    /** None of the folder's can be had. */
    static Defined none(String folder, String why) {
        return new Defined(
                IdentityName.of(folder, IdentityName.EACH), "", null, Messages.Folder_malformed(folder, why));
    }

    /** How much there is to read for each question about a job below the folder: characters, its own name counted each time. */
    static long weight(String folder, List<FolderIdentity> identities) {
        return identities.stream().mapToLong(each -> each.weight(folder)).sum();
    }

    /** What a {@code config.xml} has in its place is shown to administrators, too. */
    private static String id(FolderIdentity defined) {
        try {
            Checks.id(defined.getId());
            return defined.getId();
        } catch (IllegalArgumentException e) {
            return AgentText.line(defined.getId(), LONGEST);
        }
    }

    private static Defined one(String folder, String name, FolderIdentity defined, Settings settings) {
        Cluster cluster = settings.cluster(defined.getCluster());
        if (cluster == null || !cluster.allowsFolder(folder)) {
            // One sentence for both: which clusters there are isn't theirs to find out.
            return new Defined(name, defined.getCluster(), null, Messages.Folder_cluster(folder, defined.getCluster()));
        }
        // Names of jobs become patterns: the folder's own part must stand for itself.
        if (folder.indexOf('*') >= 0) {
            return new Defined(name, defined.getCluster(), null, Messages.Folder_star(folder));
        }
        Identity identity;
        try {
            defined.check();
            identity = defined.in(folder, cluster);
            identity.rule();
        } catch (IllegalArgumentException e) {
            return new Defined(name, defined.getCluster(), null, Messages.Folder_malformed(folder, e.getMessage()));
        } catch (RuntimeException e) {
            // A config.xml holds whatever its sender likes.
            return new Defined(
                    name, defined.getCluster(), null, Messages.Folder_malformed(folder, e.getClass().getSimpleName()));
        }
        // A digest that was guessed: nobody has such an id by chance.
        boolean meets = settings.identity(IdentityName.plain(name)) != null;
        boolean twice = meets || settings.identity(defined.getId()) != null;
        return new Defined(
                name,
                defined.getCluster(),
                meets ? null : identity,
                twice ? Messages.Policy_identityTwice(folder, defined.getId()) : null);
    }
}
