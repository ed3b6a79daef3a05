// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import hudson.Extension;
import hudson.cli.CLICommand;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import java.util.function.Function;
import jenkins.model.Jenkins;
import org.kohsuke.args4j.Argument;
import org.kohsuke.args4j.Option;

/** The set-up page's texts on the command line of Jenkins: {@code machine-id-setup api | tctl create -f}. */
@Extension
public class SetupCommand extends CLICommand {
    @Argument(metaVar = "IDENTITY", usage = "id of an identity", required = true)
    public String identity;

    @Option(name = "--roles", usage = "starter roles, in place of token and bot")
    public boolean roles;

    @Option(name = "--terraform", usage = "in Terraform's language, in place of YAML")
    public boolean terraform;

    @Override
    public String getName() {
        return "machine-id-setup";
    }

    @Override
    public String getShortDescription() {
        return Messages.Setup_command();
    }

    @Override
    protected int run() {
        if (!FolderIdentities.mayConfigure(IdentityName.folder(identity))) {
            Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        }
        IdentitySetup found =
                SetupPage.identities(identity::equals).stream().findFirst().orElse(null);
        String fault = found == null ? Messages.Check_identityUnknown(identity) : found.getFault();
        if (fault != null) {
            stderr.println(fault);
            return 1;
        }
        String text = text().apply(found);
        if (text.isEmpty()) {
            stderr.println(Messages.Setup_commandsOnly(identity, found.getMethod()));
            stderr.print(found.getCommands());
            return 1;
        }
        if (found.getWarning() != null) {
            stderr.println(found.getWarning());
        }
        stdout.print(text);
        return 0;
    }

    private Function<IdentitySetup, String> text() {
        if (terraform) {
            return roles ? IdentitySetup::getTerraformRoles : IdentitySetup::getTerraform;
        }
        return roles ? IdentitySetup::getRoles : IdentitySetup::getYaml;
    }
}
