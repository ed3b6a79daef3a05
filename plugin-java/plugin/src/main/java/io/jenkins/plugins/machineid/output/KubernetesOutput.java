// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import hudson.Extension;
import hudson.model.Descriptor;
import io.jenkins.plugins.machineid.Messages;
import java.util.List;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** A kubeconfig for one more cluster. */
public class KubernetesOutput extends Output {
    private final String cluster;

    @DataBoundConstructor
    public KubernetesOutput(String cluster) {
        this.cluster = required(cluster, "cluster");
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
    }
}
