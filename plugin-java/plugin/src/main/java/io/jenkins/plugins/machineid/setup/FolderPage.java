// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import com.cloudbees.hudson.plugins.folder.AbstractFolder;
import hudson.Extension;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Item;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import java.util.Collection;
import java.util.List;
import jenkins.model.TransientActionFactory;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/**
 * What the identities of a folder need in their clusters, for those who may configure the folder: each way in goes by
 * {@link #getTarget}. Its texts also are at {@code api/json} below it.
 */
@ExportedBean
public class FolderPage implements Action, StaplerProxy {
    private final Item folder;

    FolderPage(Item folder) {
        this.folder = folder;
    }

    /** A link for those alone to whom it leads somewhere. */
    @Override
    public String getIconFileName() {
        return folder.hasPermission(Item.CONFIGURE) && FolderIdentities.definesAny(folder) ? "symbol-key" : null;
    }

    @Override
    public String getDisplayName() {
        return Messages.FolderIdentities_displayName();
    }

    @Override
    public String getUrlName() {
        return "machine-id-setup";
    }

    @Override
    public Object getTarget() {
        folder.checkPermission(Item.CONFIGURE);
        return this;
    }

    public Api getApi() {
        return new Api(this);
    }

    /** Of this folder alone, with the jobs that the present user may see. */
    @Exported
    public List<IdentitySetup> getIdentities() {
        return SetupPage.identities(name -> IdentityName.folder(name).equals(folder.getFullName()));
    }

    /** Needs the plugin cloudbees-folder. */
    @Extension(optional = true)
    @SuppressWarnings("rawtypes")
    public static class Factory extends TransientActionFactory<AbstractFolder> {
        @Override
        public Class<AbstractFolder> type() {
            return AbstractFolder.class;
        }

        @Override
        public Collection<? extends Action> createFor(AbstractFolder target) {
            return List.of(new FolderPage(target));
        }
    }
}
