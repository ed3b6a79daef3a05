// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import com.cloudbees.hudson.plugins.folder.AbstractFolder;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.Run;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import jenkins.model.Jenkins;

/**
 * What is configured, with what folders define. Everything is asked of the folders as they are now: a job that is moved
 * loses what its folders gave it, and an administrator's word counts at once.
 */
public final class FolderIdentities {
    private static final boolean THERE = there();

    private FolderIdentities() {}

    /** As it is for a job. */
    public static Settings settings(Item job) {
        Settings settings = MachineIdConfiguration.get().settings();
        return THERE && isAllowedAny(settings) ? seen(Known.above(job, settings), settings) : settings;
    }

    /** @param run null: deleted, which no folder has anything for */
    public static Settings settings(Run<?, ?> run) {
        return run == null ? MachineIdConfiguration.get().settings() : settings(run.getParent());
    }

    /** What all folders define that the present user may see. */
    public static List<Defined> everywhere(Settings settings) {
        return THERE ? Known.everywhere(settings) : List.of();
    }

    /** Whether the folder defines any, usable or not. */
    public static boolean definesAny(Item folder) {
        return THERE && Known.definesAny(folder);
    }

    /** Whether the present user may configure the folder, and so what it defines. */
    public static boolean mayConfigure(String folder) {
        return THERE && Known.mayConfigure(folder);
    }

    /** The settings with all of these. */
    public static Settings seen(List<Defined> defined, Settings settings) {
        Map<String, String> faults = new HashMap<>();
        defined.stream().filter(each -> each.identity() == null).forEach(each -> faults.put(each.name(), each.fault()));
        List<Identity> identities =
                defined.stream().map(Defined::identity).filter(Objects::nonNull).toList();
        return settings.with(identities, faults);
    }

    /** Off, unless an administrator says otherwise: then nothing of it costs anything. */
    private static boolean isAllowedAny(Settings settings) {
        return settings.clusters().stream().anyMatch(cluster -> !cluster.getAllowedFolders().isEmpty());
    }

    private static boolean there() {
        try {
            Class.forName(
                    "com.cloudbees.hudson.plugins.folder.AbstractFolder", false, FolderIdentities.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Loaded only where the plugin cloudbees-folder is. */
    private static final class Known {
        /** Of the folders that the job is in, by what they hold now. */
        static List<Defined> above(Item job, Settings settings) {
            List<Defined> all = new ArrayList<>();
            long weight = 0;
            ItemGroup<?> group = job.getParent();
            while (group instanceof Item item) {
                if (group instanceof AbstractFolder<?> folder) {
                    weight += weight > Defined.MOST_CHARACTERS ? 0 : weight(folder);
                    all.addAll(of(folder, weight, settings));
                }
                group = item.getParent();
            }
            return all;
        }

        @SuppressWarnings("rawtypes")
        static List<Defined> everywhere(Settings settings) {
            List<AbstractFolder> folders = Jenkins.get().getAllItems(AbstractFolder.class);
            List<Defined> all = new ArrayList<>();
            folders.forEach(folder -> all.addAll(of(folder, 0, settings)));
            return all;
        }

        @SuppressWarnings("rawtypes")
        static boolean mayConfigure(String folder) {
            List<AbstractFolder> folders = Jenkins.get().getAllItems(AbstractFolder.class);
            return folders.stream()
                    .anyMatch(each -> each.getFullName().equals(folder) && each.hasPermission(Item.CONFIGURE));
        }

        static boolean definesAny(Item item) {
            return item instanceof AbstractFolder<?> folder
                    && folder.getProperties().get(FolderIdentitiesProperty.class) != null;
        }

        /** However deep folders are nested, a question about a job reads so much and no more. */
        private static long weight(AbstractFolder<?> folder) {
            try {
                return Defined.weight(folder.getFullName(), identities(folder));
            } catch (RuntimeException e) {
                return 0;
            }
        }

        /**
         * What is wrong with one folder is its own affair, whatever it is.
         *
         * @param weight of this one and of those that were read before for the same job
         */
        private static List<Defined> of(AbstractFolder<?> folder, long weight, Settings settings) {
            try {
                List<FolderIdentity> identities = identities(folder);
                return weight > Defined.MOST_CHARACTERS && !identities.isEmpty()
                        ? List.of(Defined.none(folder.getFullName(), Messages.Folder_long(Defined.MOST_CHARACTERS)))
                        : Defined.in(folder.getFullName(), identities, settings);
            } catch (RuntimeException | LinkageError e) {
                return List.of(Defined.none(folder.getFullName(), e.getClass().getSimpleName()));
            }
        }

        private static List<FolderIdentity> identities(AbstractFolder<?> folder) {
            FolderIdentitiesProperty property = folder.getProperties().get(FolderIdentitiesProperty.class);
            return property == null ? List.of() : property.getIdentities();
        }
    }
}
