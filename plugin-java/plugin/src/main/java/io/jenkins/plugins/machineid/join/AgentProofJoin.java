// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A method by which an agent proves itself who it is: it may also know the name of its token. */
public abstract class AgentProofJoin extends NamedTokenJoin {
    private String tokenFile;

    public String getTokenFile() {
        return tokenFile;
    }

    @DataBoundSetter
    public void setTokenFile(String tokenFile) {
        this.tokenFile = Texts.orNull(tokenFile);
        FormFault.field(AgentProofJoin.class, "tokenFile", () -> Checks.optional(this.tokenFile, Checks::absolutePath));
    }

    @Override
    protected String tokenFile() {
        return tokenFile;
    }

    @Override
    public void check() {
        setTokenFile(tokenFile);
        Tokens.onlyOne(token(), tokenFile);
        super.check();
    }

    /** The fields that these methods have in common. */
    public abstract static class AgentProofDescriptor extends NamedTokenDescriptor {
        protected AgentProofDescriptor(String method) {
            super(method);
        }

        @POST
        public FormValidation doCheckTokenFile(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::absolutePath));
        }
    }
}
