// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import hudson.model.Item;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Choices;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import java.util.List;
import jenkins.model.Jenkins;

/** Field checks of a block's form: the same for the snippet generator and for a freestyle job. */
final class BlockForm {
    private BlockForm() {}

    /** Those that the job may use, to whoever may configure it; what stands there stays, with its error. */
    static ListBoxModel identities(Item item, String current) {
        List<String> offered = List.of();
        if (allowed(item)) {
            offered = item == null
                    ? MachineIdConfiguration.get().getIdentities().stream().map(Identity::getId).toList()
                    : FolderIdentities.settings(item).policy().usableBy(item.getFullName());
        }
        return Choices.of(Messages.Choice_default(), offered, current);
    }

    static FormValidation identity(Item item, String value) {
        if (!allowed(item) || value == null || value.isBlank()) {
            return FormValidation.ok();
        }
        // For the snippet generator outside of a job there is no job to be allowed: only an administrator comes so far.
        boolean known = item == null
                ? MachineIdConfiguration.get().identity(value.trim()) != null
                : FolderIdentities.settings(item).policy().allows(value.trim(), item.getFullName());
        return known
                ? FormValidation.ok()
                : FormValidation.error(Messages.Check_identityForJob(value.trim()));
    }

    static FormValidation ttl(Item item, String value) {
        return allowed(item) ? Checks.formOptional(value, Checks::ttl) : FormValidation.ok();
    }

    static FormValidation roles(Item item, String value) {
        return allowed(item) ? Checks.formOptional(value, Checks::roles) : FormValidation.ok();
    }

    /** And only whether this job may use it, never whether it exists. */
    private static boolean allowed(Item item) {
        return item == null
                ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                : item.hasPermission(Item.CONFIGURE);
    }
}
