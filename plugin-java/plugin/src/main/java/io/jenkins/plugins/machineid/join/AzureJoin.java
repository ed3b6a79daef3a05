// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Azure: an agent on a virtual machine with a managed identity. */
public class AzureJoin extends AgentProofJoin {
    static final String METHOD = "azure";

    private String clientId;

    @DataBoundConstructor
    public AzureJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    /** Which of several managed identities; null: the only one. */
    public String getClientId() {
        return clientId;
    }

    @DataBoundSetter
    public void setClientId(String clientId) {
        this.clientId = Texts.orNull(clientId);
        FormFault.field(AzureJoin.class, "clientId", () -> Checks.optional(this.clientId, Checks::uuid));
    }

    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        Map<String, Object> settings = new LinkedHashMap<>();
        put(settings, "client_id", clientId);
        return settings;
    }

    @Override
    public void check() {
        super.check();
        setClientId(clientId);
    }

    @Extension
    @Symbol(METHOD)
    public static class DescriptorImpl extends AgentProofDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }

        @POST
        public FormValidation doCheckClientId(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::uuid));
        }
    }
}
