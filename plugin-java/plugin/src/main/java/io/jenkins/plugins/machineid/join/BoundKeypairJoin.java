// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.credential.CredentialField;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import io.jenkins.plugins.machineid.credential.CredentialTrouble;
import io.jenkins.plugins.machineid.credential.Credentials;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.PrivateKeyText;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.issuer.IssuerConfiguration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A key pair that the cluster knows: registered once by a secret, or beforehand. The agent keeps the key. */
public class BoundKeypairJoin extends AgentProofJoin {
    static final String METHOD = "bound_keypair";

    private Secret registrationSecret;
    private String registrationSecretCredentialsId;
    private String registrationSecretPath;
    private String staticKeyPath;
    private String staticKeyCredentialsId;

    @DataBoundConstructor
    public BoundKeypairJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    @Override
    public boolean keepsSecret() {
        return true;
    }

    /** Registers the agent's key, once. */
    public Secret getRegistrationSecret() {
        return registrationSecret;
    }

    @DataBoundSetter
    public void setRegistrationSecret(Secret registrationSecret) {
        this.registrationSecret = Tokens.orNull(registrationSecret);
        if (this.registrationSecret != null) {
            FormFault.field(
                    BoundKeypairJoin.class,
                    "registrationSecret",
                    () -> secret(this.registrationSecret.getPlainText()));
        }
    }

    /** The credential that holds the registration secret; null: none. */
    public String getRegistrationSecretCredentialsId() {
        return registrationSecretCredentialsId;
    }

    @DataBoundSetter
    public void setRegistrationSecretCredentialsId(String registrationSecretCredentialsId) {
        this.registrationSecretCredentialsId = Texts.orNull(registrationSecretCredentialsId);
        FormFault.field(
                BoundKeypairJoin.class,
                "registrationSecretCredentialsId",
                () -> Checks.optional(this.registrationSecretCredentialsId, Checks::credential));
    }

    /** A file on the agent that holds the registration secret. */
    public String getRegistrationSecretPath() {
        return registrationSecretPath;
    }

    @DataBoundSetter
    public void setRegistrationSecretPath(String registrationSecretPath) {
        this.registrationSecretPath = Texts.orNull(registrationSecretPath);
        FormFault.field(
                BoundKeypairJoin.class,
                "registrationSecretPath",
                () -> Checks.optional(this.registrationSecretPath, Checks::absolutePath));
    }

    /** A file on the agent that holds a private key which never changes. */
    public String getStaticKeyPath() {
        return staticKeyPath;
    }

    @DataBoundSetter
    public void setStaticKeyPath(String staticKeyPath) {
        this.staticKeyPath = Texts.orNull(staticKeyPath);
        FormFault.field(
                BoundKeypairJoin.class,
                "staticKeyPath",
                () -> Checks.optional(this.staticKeyPath, Checks::absolutePath));
    }

    /**
     * The credential that holds a private key which never changes; null: none. There is no field for the key itself: it
     * has several lines, and is worth more than what Jenkins shows in a form.
     */
    public String getStaticKeyCredentialsId() {
        return staticKeyCredentialsId;
    }

    @DataBoundSetter
    public void setStaticKeyCredentialsId(String staticKeyCredentialsId) {
        this.staticKeyCredentialsId = Texts.orNull(staticKeyCredentialsId);
        FormFault.field(
                BoundKeypairJoin.class,
                "staticKeyCredentialsId",
                () -> Checks.optional(this.staticKeyCredentialsId, Checks::credential));
    }

    /** A registration secret belongs to one token: an agent's own token doesn't come with this one's. */
    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        Map<String, Object> settings = new LinkedHashMap<>();
        Object secret = CredentialRef.either(
                registrationSecret, registrationSecretCredentialsId, content -> secret(content.getPlainText()));
        put(settings, "registration_secret", agentsOwn ? null : secret);
        put(settings, "registration_secret_path", registrationSecretPath);
        put(settings, "static_key_path", staticKeyPath);
        put(settings, "static_key", agentsOwn || staticKeyCredentialsId == null ? null : staticKey(staticKeyCredentialsId));
        return settings;
    }

    private static CredentialRef staticKey(String id) {
        return CredentialRef.of(id, content -> {
            unlessItSigns(id);
            PrivateKeyText.read(content.getPlainText());
        });
    }

    /** What is sent to agents must not be what the controller signs with. */
    private static void unlessItSigns(String id) {
        if (IssuerConfiguration.get().names(id)) {
            throw new IllegalArgumentException(Messages.Check_keyThatSigns());
        }
    }

    @Override
    public void check() {
        super.check();
        setRegistrationSecret(registrationSecret);
        setRegistrationSecretCredentialsId(registrationSecretCredentialsId);
        if (registrationSecret != null && registrationSecretCredentialsId != null) {
            throw new IllegalArgumentException(Messages.Check_registrationTwice());
        }
        setRegistrationSecretPath(registrationSecretPath);
        setStaticKeyPath(staticKeyPath);
        setStaticKeyCredentialsId(staticKeyCredentialsId);
    }

    private static void secret(String text) {
        Checks.token(text);
        if (JoinUri.read(text) != null) {
            throw new IllegalArgumentException(Messages.JoinUri_notHere());
        }
    }

    @Extension
    @Symbol(METHOD)
    public static class DescriptorImpl extends AgentProofDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }

        @POST
        public FormValidation doCheckRegistrationSecret(@QueryParameter Secret value) {
            return FormAccess.administrator().check(() -> Tokens.orNull(value) == null
                    ? FormValidation.ok()
                    : Checks.form(value.getPlainText(), BoundKeypairJoin::secret));
        }

        @POST
        public ListBoxModel doFillRegistrationSecretCredentialsIdItems(
                @QueryParameter String registrationSecretCredentialsId) {
            return FormAccess.administrator()
                    .fill(Messages.Credential_none(), registrationSecretCredentialsId,
                            () -> CredentialField.choices(registrationSecretCredentialsId, true));
        }

        @POST
        public FormValidation doCheckRegistrationSecretCredentialsId(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> CredentialField.check(value, true));
        }

        @POST
        public FormValidation doCheckRegistrationSecretPath(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::absolutePath));
        }

        @POST
        public FormValidation doCheckStaticKeyPath(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::absolutePath));
        }

        @POST
        public ListBoxModel doFillStaticKeyCredentialsIdItems(@QueryParameter String staticKeyCredentialsId) {
            return FormAccess.administrator()
                    .fill(Messages.Credential_none(), staticKeyCredentialsId,
                            () -> CredentialField.choices(staticKeyCredentialsId, true));
        }

        @POST
        public FormValidation doCheckStaticKeyCredentialsId(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> {
                FormValidation own = Checks.formOptional(value, BoundKeypairJoin::unlessItSigns);
                FormValidation there = own.kind == FormValidation.Kind.OK ? CredentialField.check(value, true) : own;
                return there.kind == FormValidation.Kind.OK && Texts.orNull(value) != null ? key(value.trim()) : there;
            });
        }

        /** Whether a key is in it: waited for as long as a credential is. */
        private static FormValidation key(String id) {
            try {
                Credentials.read(staticKey(id));
                return FormValidation.ok();
            } catch (CredentialTrouble e) {
                return FormValidation.error(e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return FormValidation.warning(Messages.Credential_unlisted());
            }
        }
    }
}
