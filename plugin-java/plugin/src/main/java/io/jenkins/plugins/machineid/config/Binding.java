// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Computer;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.credential.CredentialField;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.Tokens;
import jenkins.model.Jenkins;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * An identity that an agent asks for, with this agent's own join token. It has it only if the identity names the agent:
 * who configures an agent decides nothing here.
 */
public class Binding extends AbstractDescribableImpl<Binding> {
    private final String identity;
    private Secret token;
    private String credentialsId;
    private String tokenFile;

    @DataBoundConstructor
    public Binding(String identity) {
        this.identity = Texts.orEmpty(identity).trim();
        FormFault.field(Binding.class, "identity", () -> Checks.id(this.identity));
    }

    public String getIdentity() {
        return identity;
    }

    /** Null: the identity's own. Only where the identity's join method takes a secret. */
    public Secret getToken() {
        return token;
    }

    @DataBoundSetter
    public void setToken(Secret token) {
        this.token = Tokens.orNull(token);
        FormFault.field(Binding.class, "token", () -> Tokens.check(this.token));
    }

    /** The credential that holds the token, where the identity takes it from agents; null: none. */
    public String getCredentialsId() {
        return credentialsId;
    }

    @DataBoundSetter
    public void setCredentialsId(String credentialsId) {
        this.credentialsId = Texts.orNull(credentialsId);
        FormFault.field(Binding.class, "credentialsId", () -> Checks.optional(this.credentialsId, Checks::credential));
    }

    /** A {@link Secret}, a {@link CredentialRef}, or null. */
    public Object ownToken() {
        return CredentialRef.either(token, credentialsId, Tokens::check);
    }

    public String getTokenFile() {
        return tokenFile;
    }

    @DataBoundSetter
    public void setTokenFile(String tokenFile) {
        this.tokenFile = Texts.orNull(tokenFile);
        FormFault.field(Binding.class, "tokenFile", () -> Checks.optional(this.tokenFile, Checks::absolutePath));
    }

    /** All of it once more, for the reason that {@link JoinMethod#check} gives. */
    void check() {
        setToken(token);
        setCredentialsId(credentialsId);
        setTokenFile(tokenFile);
        Tokens.onlyOne(token, credentialsId, tokenFile);
    }

    @Extension
    @Symbol("machineIdentity")
    public static class DescriptorImpl extends Descriptor<Binding> {
        @Override
        public String getDisplayName() {
            return Messages.Binding_displayName();
        }

        @POST
        public ListBoxModel doFillIdentityItems(@AncestorInPath Computer computer, @QueryParameter String identity) {
            return FormAccess.configurer(computer)
                    .fill(Messages.Choice_identity(), identity,
                            () -> AgentChoices.identities(computer, Messages.Choice_identity(), identity, any -> true));
        }

        @POST
        public FormValidation doCheckIdentity(@AncestorInPath Computer computer, @QueryParameter String value) {
            return FormAccess.configurer(computer).check(() -> AgentChoices.check(value));
        }

        /** Which identities there are, and what they say, is told to administrators only. */
        private static Identity known(String id) {
            return Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                    ? MachineIdConfiguration.get().identity(Texts.orEmpty(id).trim())
                    : null;
        }

        private static FormValidation useless(Identity identity) {
            return FormValidation.warning(
                    Messages.Check_bindingUseless(identity.getId(), identity.getJoin().symbol()));
        }

        @POST
        public FormValidation doCheckToken(
                @AncestorInPath Computer computer, @QueryParameter Secret value, @QueryParameter String identity) {
            return FormAccess.configurer(computer).check(() -> {
                if (Tokens.orNull(value) == null) {
                    return FormValidation.ok();
                }
                Identity known = known(identity);
                if (known != null && !known.getJoin().keepsSecret()) {
                    return useless(known);
                }
                Cluster cluster = known == null ? null : MachineIdConfiguration.get().cluster(known.getCluster());
                try {
                    if (cluster != null) {
                        Tokens.checkCluster(value, cluster.getName(), cluster.getAddress(), cluster.getAddressKind());
                    }
                } catch (IllegalArgumentException e) {
                    return FormValidation.error(e.getMessage());
                }
                return Tokens.form(value);
            });
        }

        @POST
        public ListBoxModel doFillCredentialsIdItems(
                @AncestorInPath Computer computer, @QueryParameter String credentialsId) {
            return FormAccess.configurer(computer)
                    .fill(Messages.Credential_none(), credentialsId,
                            () -> CredentialField.choices(credentialsId, maySee(computer)));
        }

        @POST
        public FormValidation doCheckCredentialsId(
                @AncestorInPath Computer computer, @QueryParameter String value, @QueryParameter String identity) {
            return FormAccess.configurer(computer).check(() -> {
                Identity known = known(identity);
                String id = Texts.orNull(value);
                if (known != null && id != null) {
                    if (!known.getJoin().keepsSecret()) {
                        return useless(known);
                    }
                    if (!known.takesFromAgents(id)) {
                        return FormValidation.warning(Messages.Check_credentialNotNamed(known.getId(), id));
                    }
                }
                return CredentialField.check(value, maySee(computer));
            });
        }

        private static boolean mayConfigure(Computer computer) {
            return computer == null
                    ? Jenkins.get().hasPermission(Computer.CREATE)
                    : computer.hasPermission(Computer.CONFIGURE);
        }

        private static boolean maySee(Computer computer) {
            return Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                    || mayConfigure(computer) && CredentialField.maySee();
        }

        @POST
        public FormValidation doCheckTokenFile(
                @AncestorInPath Computer computer, @QueryParameter String value, @QueryParameter String identity) {
            return FormAccess.configurer(computer).check(() -> {
                Identity known = known(identity);
                if (known != null && !known.getJoin().keepsSecret() && Texts.orNull(value) != null) {
                    return useless(known);
                }
                return Checks.formOptional(value, Checks::absolutePath);
            });
        }
    }
}
