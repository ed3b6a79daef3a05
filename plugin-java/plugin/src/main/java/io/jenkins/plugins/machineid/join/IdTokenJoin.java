// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.LinkedHashMap;
import java.util.Map;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A method that proves by an ID token of the agent's platform; where that is, where it isn't the platform's usual place. */
public abstract class IdTokenJoin extends AgentProofJoin {
    private String variable;
    private String file;

    /** An environment variable of the agent's process that holds the ID token. */
    public String getVariable() {
        return variable;
    }

    @DataBoundSetter
    public void setVariable(String variable) {
        this.variable = Texts.orNull(variable);
        FormFault.field(IdTokenJoin.class, "variable", () -> Checks.optional(this.variable, Checks::variable));
    }

    /** A file on the agent that holds the ID token. */
    public String getFile() {
        return file;
    }

    @DataBoundSetter
    public void setFile(String file) {
        this.file = Texts.orNull(file);
        FormFault.field(IdTokenJoin.class, "file", () -> Checks.optional(this.file, Checks::absolutePath));
    }

    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        Map<String, Object> settings = new LinkedHashMap<>();
        put(settings, "variable", variable);
        put(settings, "file", file);
        return settings;
    }

    @Override
    public void check() {
        super.check();
        setVariable(variable);
        setFile(file);
    }

    /** The fields that these methods have in common. */
    public abstract static class IdTokenDescriptor extends AgentProofDescriptor {
        protected IdTokenDescriptor(String method) {
            super(method);
        }

        @POST
        public FormValidation doCheckVariable(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::variable));
        }

        @POST
        public FormValidation doCheckFile(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::absolutePath));
        }
    }
}
