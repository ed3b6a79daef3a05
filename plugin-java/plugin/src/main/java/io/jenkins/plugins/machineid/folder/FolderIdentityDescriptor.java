// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import hudson.model.Descriptor;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.NamedJobs;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.join.FormAdvice;
import java.util.List;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** The form of a folder's identity: for those who may configure the folder, who learn nothing of others. */
public abstract class FolderIdentityDescriptor extends Descriptor<FolderIdentity> {
    FolderIdentityDescriptor() {
        super(FolderIdentity.class);
    }

    @Override
    public String getDisplayName() {
        return Messages.FolderIdentity_displayName();
    }

    /** Those that let this folder; what is set stays a choice. */
    @POST
    public ListBoxModel doFillClusterItems(@AncestorInPath Item folder, @QueryParameter String cluster) {
        return FormAccess.configurer(folder).fill(Messages.Choice_cluster(), cluster, () -> {
            ListBoxModel items = new ListBoxModel();
            String now = Texts.orNull(cluster);
            if (now != null && !allows(folder, now)) {
                items.add(now, now);
            }
            clusters(folder).forEach(name -> items.add(name, name));
            return items;
        });
    }

    @POST
    public ListBoxModel doFillFormItems(@AncestorInPath Item folder) {
        return FormAccess.fill(() -> FormAdvice.choices());
    }

    /** Of a cluster that doesn't let the folder nothing is told. */
    @POST
    public FormValidation doCheckForm(
            @AncestorInPath Item folder, @QueryParameter String value, @QueryParameter String cluster) {
        return FormAccess.configurer(folder).check(() -> {
            String name = Texts.orEmpty(cluster).trim();
            return FormAdvice.check(value, allows(folder, name) ? name : "");
        });
    }

    @POST
    public FormValidation doCheckCluster(
            @AncestorInPath Item folder, @QueryParameter String value, @QueryParameter String id) {
        return FormAccess.configurer(folder).check(() -> {
            String name = Texts.orEmpty(value).trim();
            if (name.isEmpty()) {
                return missing(folder, Texts.orEmpty(id).trim());
            }
            return allows(folder, name)
                    ? FormValidation.ok()
                    : FormValidation.error(Messages.Folder_cluster(folder == null ? "" : folder.getFullName(), name));
        });
    }

    /** Nothing of an entry in which nobody has typed yet, but what no typing would change. */
    private static FormValidation missing(Item folder, String id) {
        if (folder != null && clusters(folder).isEmpty()) {
            return FormValidation.warning(Messages.Folder_noCluster(folder.getFullName()));
        }
        return id.isEmpty() ? FormValidation.ok() : FormValidation.error(Messages.Check_clusterMissing(id));
    }

    /** That an administrator's identity has the id is told where some cluster lets the folder define any. */
    @POST
    public FormValidation doCheckId(
            @AncestorInPath Item folder, @QueryParameter String value, @QueryParameter String cluster) {
        return FormAccess.configurer(folder).check(() -> {
            String id = Texts.orEmpty(value).trim();
            Settings settings = MachineIdConfiguration.get().settings();
            return allows(folder, Texts.orEmpty(cluster).trim()) && settings.identity(id) != null
                    ? FormValidation.error(Messages.Policy_identityTwice(folder.getFullName(), id))
                    : Checks.formOptional(id, Checks::id);
        });
    }

    @POST
    public FormValidation doCheckTokenName(@AncestorInPath Item folder, @QueryParameter String value) {
        return FormAccess.configurer(folder).check(() -> Checks.formOptional(value, Checks::resourceName));
    }

    @POST
    public FormValidation doCheckRoles(@AncestorInPath Item folder, @QueryParameter String value) {
        return FormAccess.configurer(folder).check(() -> Texts.orNull(value) == null
                ? FormValidation.ok(Messages.Check_rolesAll())
                : Checks.form(value, Checks::roles));
    }

    @POST
    public FormValidation doCheckMaxTtl(@AncestorInPath Item folder, @QueryParameter String value) {
        return FormAccess.configurer(folder).check(() -> Checks.formOptional(value, Checks::ttl));
    }

    @POST
    public FormValidation doCheckAllowedJobs(@AncestorInPath Item folder, @QueryParameter String value) {
        return FormAccess.configurer(folder)
                .check(() -> NamedJobs.check(value, folder == null ? "" : folder.getFullName()));
    }

    private static List<String> clusters(Item folder) {
        return MachineIdConfiguration.get().getClusters().stream()
                .map(Cluster::getName)
                .filter(name -> allows(folder, name))
                .toList();
    }

    private static boolean allows(Item folder, String name) {
        Cluster cluster = MachineIdConfiguration.get().cluster(name);
        return cluster != null && folder instanceof ItemGroup && cluster.allowsFolder(folder.getFullName());
    }

}
