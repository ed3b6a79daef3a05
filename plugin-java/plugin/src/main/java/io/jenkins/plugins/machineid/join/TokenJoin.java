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
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A secret that works once; what it gives is kept on the agent and renewed. Also takes a joining URI. */
public class TokenJoin extends JoinMethod {
    static final String METHOD = "token";

    private Secret token;
    private String credentialsId;
    private String tokenFile;

    @DataBoundConstructor
    public TokenJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    @Override
    public boolean keepsSecret() {
        return true;
    }

    /** Null: each agent has its own. */
    public Secret getToken() {
        return token;
    }

    @DataBoundSetter
    public void setToken(Secret token) {
        this.token = Tokens.orNull(token);
        FormFault.field(TokenJoin.class, "token", () -> Tokens.check(this.token));
    }

    /** The credential that holds the token; null: none. */
    public String getCredentialsId() {
        return credentialsId;
    }

    @DataBoundSetter
    public void setCredentialsId(String credentialsId) {
        this.credentialsId = Texts.orNull(credentialsId);
        FormFault.field(TokenJoin.class, "credentialsId", () -> Checks.optional(this.credentialsId, Checks::credential));
    }

    public String getTokenFile() {
        return tokenFile;
    }

    @DataBoundSetter
    public void setTokenFile(String tokenFile) {
        this.tokenFile = Texts.orNull(tokenFile);
        FormFault.field(TokenJoin.class, "tokenFile", () -> Checks.optional(this.tokenFile, Checks::absolutePath));
    }

    @Override
    protected Object token() {
        return CredentialRef.either(token, credentialsId, Tokens::check);
    }

    @Override
    protected String tokenFile() {
        return tokenFile;
    }

    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        return Map.of();
    }

    @Override
    public void check() {
        setToken(token);
        setCredentialsId(credentialsId);
        setTokenFile(tokenFile);
        Tokens.onlyOne(token, credentialsId, tokenFile);
    }

    @Override
    public void checkCluster(String name, String address, String kind) {
        Tokens.checkCluster(token, name, address, kind);
    }

    /** First in the list: what a new identity has. */
    @Extension(ordinal = 100)
    @Symbol(METHOD)
    public static class DescriptorImpl extends JoinMethodDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }

        @POST
        public FormValidation doCheckToken(@QueryParameter Secret value) {
            return FormAccess.administrator().check(() -> Tokens.orNull(value) == null
                    ? FormValidation.ok(Messages.Check_tokenPerAgent())
                    : Tokens.form(value));
        }

        @POST
        public ListBoxModel doFillCredentialsIdItems(@QueryParameter String credentialsId) {
            return FormAccess.administrator()
                    .fill(Messages.Credential_none(), credentialsId,
                            () -> CredentialField.choices(credentialsId, true));
        }

        @POST
        public FormValidation doCheckCredentialsId(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> CredentialField.check(value, true));
        }

        @POST
        public FormValidation doCheckTokenFile(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::absolutePath));
        }
    }
}
