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

/** Kubernetes: the service account token of the pod that the agent runs in. */
public class KubernetesJoin extends AgentProofJoin {
    static final String METHOD = "kubernetes";

    private String tokenPath;

    @DataBoundConstructor
    public KubernetesJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    /** Where the service account token is; null: its usual place, or what {@code KUBERNETES_TOKEN_PATH} says. */
    public String getTokenPath() {
        return tokenPath;
    }

    @DataBoundSetter
    public void setTokenPath(String tokenPath) {
        this.tokenPath = Texts.orNull(tokenPath);
        FormFault.field(KubernetesJoin.class, "tokenPath", () -> Checks.optional(this.tokenPath, Checks::absolutePath));
    }

    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        Map<String, Object> settings = new LinkedHashMap<>();
        put(settings, "token_path", tokenPath);
        return settings;
    }

    @Override
    public void check() {
        super.check();
        setTokenPath(tokenPath);
    }

    @Extension
    @Symbol(METHOD)
    public static class DescriptorImpl extends AgentProofDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }

        @POST
        public FormValidation doCheckTokenPath(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::absolutePath));
        }
    }
}
