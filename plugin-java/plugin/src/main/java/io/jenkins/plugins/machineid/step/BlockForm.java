// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import hudson.model.Item;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.field.Choices;
import io.jenkins.plugins.machineid.field.Entries;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.output.Database;
import io.jenkins.plugins.machineid.output.Output;
import java.util.List;
import net.sf.json.JSONObject;
import org.kohsuke.stapler.StaplerRequest2;

/**
 * The form of a block, the same for the snippet generator and a freestyle job. Of an identity it says whether this job may
 * use it, never whether it exists.
 */
final class BlockForm {
    private BlockForm() {}

    /**
     * Those that the job may use in a block, to whoever may configure it; what stands there stays, with its error if it has
     * one.
     */
    static ListBoxModel identities(Item item, String current) {
        Settings settings = settings(item);
        List<String> known = item == null
                ? settings.identities().stream().map(Identity::getId).toList()
                : settings.policy().usableBy(item.getFullName());
        List<String> offered = known.stream().filter(id -> !statesAgents(settings, id)).toList();
        return Choices.of(Messages.Choice_default(), offered, current);
    }

    static FormValidation identity(Item item, String value) {
        if (value == null || value.isBlank()) {
            return FormValidation.ok();
        }
        String id = value.trim();
        Settings settings = settings(item);
        // For the snippet generator outside of a job there is no job to be allowed: only an administrator comes so far.
        boolean known = item == null
                ? settings.identity(id) != null
                : settings.policy().allows(id, item.getFullName());
        if (!known) {
            return FormValidation.error(Messages.Check_identityForJob(id));
        }
        return statesAgents(settings, id)
                ? FormValidation.error(Messages.Check_blockStatement(id))
                : FormValidation.ok();
    }

    /**
     * Where the outputs or databases of a form have a fault, this says so; the binding of the whole doesn't tell which one it is.
     *
     * @throws IllegalArgumentException with a sentence for the reader
     */
    static void checkOutputs(StaplerRequest2 req, JSONObject form) {
        Entries.bind(req, Output.class, form.opt("outputs"), Messages.Output_displayName(), null);
        Entries.bind(req, Database.class, form.opt("databases"), Messages.Output_database(), "service");
    }

    private static Settings settings(Item item) {
        return item == null ? MachineIdConfiguration.get().settings() : FolderIdentities.settings(item);
    }

    /** What is stated about an agent is for no block. A folder's identity, by its id or its name, never is of that kind. */
    private static boolean statesAgents(Settings settings, String id) {
        Identity identity = settings.identity(id);
        return identity != null && identity.getJoin().statesAgents();
    }
}
