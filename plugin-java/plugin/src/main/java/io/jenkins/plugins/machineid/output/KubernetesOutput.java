// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import hudson.Extension;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import java.util.List;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A kubeconfig for one more cluster. */
public class KubernetesOutput extends Output {
    private final String cluster;

    @DataBoundConstructor
    public KubernetesOutput(String cluster) {
        this.cluster = required(KubernetesOutput.class, "cluster", cluster);
    }

    public String getCluster() {
        return cluster;
    }

    @Override
    public Map<String, Object> request() {
        return kubernetes(List.of(cluster));
    }

    @Extension
    @Symbol("kubernetesAccess")
    public static class DescriptorImpl extends Descriptor<Output> {
        @Override
        public String getDisplayName() {
            return Messages.Output_kubernetes();
        }

        @POST
        public FormValidation doCheckCluster(@QueryParameter String value) {
            return FormAccess.everyone().check(() -> Checks.formOptional(value, Checks::resource));
        }
    }
}
