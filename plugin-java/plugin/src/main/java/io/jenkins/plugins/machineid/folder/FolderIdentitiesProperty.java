// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import com.cloudbees.hudson.plugins.folder.AbstractFolder;
import com.cloudbees.hudson.plugins.folder.AbstractFolderProperty;
import com.cloudbees.hudson.plugins.folder.AbstractFolderPropertyDescriptor;
import hudson.Extension;
import hudson.model.Item;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.field.Entries;
import io.jenkins.plugins.machineid.field.FormFault;
import java.util.ArrayList;
import java.util.List;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.StaplerRequest2;

/** The identities that a folder defines. Loaded only where the plugin cloudbees-folder is. */
public class FolderIdentitiesProperty extends AbstractFolderProperty<AbstractFolder<?>> {
    private List<FolderIdentity> identities;

    @DataBoundConstructor
    public FolderIdentitiesProperty() {}

    /** What {@code config.xml} holds, which a user can send: without the checks of the setters. */
    Object readResolve() {
        if (identities != null) {
            List<FolderIdentity> whole = new ArrayList<>();
            for (Object each : identities) {
                // One without a cluster stays, and is at fault: left out it would make way for an outer folder's.
                if (each instanceof FolderIdentity identity && identity.getId() != null) {
                    whole.add(identity);
                }
            }
            identities = whole.isEmpty() ? null : whole;
        }
        return this;
    }

    public List<FolderIdentity> getIdentities() {
        return identities == null ? List.of() : List.copyOf(identities);
    }

    @DataBoundSetter
    public void setIdentities(List<FolderIdentity> identities) {
        this.identities = identities == null || identities.isEmpty() ? null : new ArrayList<>(identities);
    }

    /**
     * Whether the folder may have all of it. Asked by the form; what came another way is asked when it is used.
     *
     * @throws IllegalArgumentException with a sentence for the reader
     */
    void check(String folder) {
        for (Defined each : Defined.in(folder, getIdentities(), MachineIdConfiguration.get().settings())) {
            if (each.fault() != null) {
                throw new IllegalArgumentException(each.fault());
            }
        }
    }

    @Extension(optional = true)
    @Symbol("machineIdentities")
    public static class DescriptorImpl extends AbstractFolderPropertyDescriptor {
        @Override
        public String getDisplayName() {
            return Messages.FolderIdentities_displayName();
        }

        /** Whether a folder's form has it: where no cluster lets the folder, there is nothing to define. */
        public boolean isOpenTo(Item folder) {
            return MachineIdConfiguration.get().getClusters().stream()
                    .anyMatch(cluster -> cluster.allowsFolder(folder.getFullName()));
        }

        @Override
        public FolderIdentitiesProperty newInstance(StaplerRequest2 req, JSONObject formData) throws FormException {
            FolderIdentitiesProperty property = new FolderIdentitiesProperty();
            try {
                property.setIdentities(Entries.bind(
                        req,
                        FolderIdentity.class,
                        formData.opt("identities"),
                        Messages.FolderIdentity_displayName(),
                        "id"));
                property.getIdentities().forEach(each -> FormFault.entry(
                        Messages.Form_named(Messages.FolderIdentity_displayName(), each.getId()), each::check));
                Item folder = req.findAncestorObject(AbstractFolder.class);
                if (folder != null) {
                    property.check(folder.getFullName());
                }
            } catch (RuntimeException | LinkageError e) {
                throw new FormException(FormFault.page(getDisplayName(), e), "machineIdentities");
            }
            return property.getIdentities().isEmpty() ? null : property;
        }
    }
}
