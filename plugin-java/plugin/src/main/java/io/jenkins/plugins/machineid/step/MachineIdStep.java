// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import hudson.Extension;
import hudson.model.Item;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.lease.LeaseOptions;
import io.jenkins.plugins.machineid.output.KubernetesClusters;
import io.jenkins.plugins.machineid.output.Output;
import java.util.List;
import java.util.Set;
import org.jenkinsci.Symbol;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** {@code withMachineId}: a block of a pipeline with the agent's machine identity. Plain data. */
public class MachineIdStep extends Step {
    static final String FUNCTION = "withMachineId";

    private String identity;
    private List<String> roles;
    private String ttl;
    private String kubernetesCluster;
    private List<String> kubernetesClusters;
    private List<Output> outputs;
    private List<String> readers;
    private String leafCluster;

    @DataBoundConstructor
    public MachineIdStep() {}

    public String getIdentity() {
        return identity;
    }

    @DataBoundSetter
    public void setIdentity(String identity) {
        this.identity = Texts.orNull(identity);
    }

    public List<String> getRoles() {
        return roles;
    }

    @DataBoundSetter
    public void setRoles(List<String> roles) {
        this.roles = Texts.words(roles);
    }

    public String getTtl() {
        return ttl;
    }

    @DataBoundSetter
    public void setTtl(String ttl) {
        this.ttl = Texts.orNull(ttl);
    }

    /** The cluster, if it is one; several are {@link #getKubernetesClusters}. */
    public String getKubernetesCluster() {
        return KubernetesClusters.only(kubernetes());
    }

    @DataBoundSetter
    public void setKubernetesCluster(String kubernetesCluster) {
        this.kubernetesCluster = Texts.orNull(kubernetesCluster);
        Checks.optional(this.kubernetesCluster, Checks::resource);
    }

    /** The clusters, the current context first, if they are several. */
    public List<String> getKubernetesClusters() {
        return KubernetesClusters.several(kubernetes());
    }

    @DataBoundSetter
    public void setKubernetesClusters(List<String> kubernetesClusters) {
        this.kubernetesClusters = Texts.names(kubernetesClusters);
        Checks.kubernetesClusters(this.kubernetesClusters);
    }

    /** For the form. */
    public String getKubernetesText() {
        return String.join(", ", kubernetes());
    }

    private List<String> kubernetes() {
        return KubernetesClusters.all(kubernetesCluster, kubernetesClusters);
    }

    public List<Output> getOutputs() {
        return outputs;
    }

    @DataBoundSetter
    public void setOutputs(List<Output> outputs) {
        this.outputs = outputs == null || outputs.isEmpty() ? null : List.copyOf(outputs);
        Checks.outputs(outputs == null ? 0 : outputs.size());
    }

    public List<String> getReaders() {
        return readers;
    }

    @DataBoundSetter
    public void setReaders(List<String> readers) {
        this.readers = Texts.words(readers);
        Checks.readers(this.readers);
    }

    public String getLeafCluster() {
        return leafCluster;
    }

    @DataBoundSetter
    public void setLeafCluster(String leafCluster) {
        this.leafCluster = Texts.orNull(leafCluster);
        Checks.optional(this.leafCluster, Checks::resource);
    }

    LeaseOptions options() {
        return new LeaseOptions(identity, roles, ttl, kubernetes(), outputs, readers, leafCluster);
    }

    @Override
    public StepExecution start(StepContext context) {
        return new MachineIdStepExecution(context, options());
    }

    @Extension
    @Symbol(FUNCTION)
    public static class DescriptorImpl extends StepDescriptor {
        @Override
        public String getFunctionName() {
            return FUNCTION;
        }

        @Override
        public String getDisplayName() {
            return Messages.Step_displayName();
        }

        @Override
        public boolean takesImplicitBlockArgument() {
            return true;
        }

        /** Not the workspace: outside of an agent the step itself says what is missing. */
        @Override
        public Set<? extends Class<?>> getRequiredContext() {
            return Set.of(Run.class, TaskListener.class);
        }

        @POST
        public ListBoxModel doFillIdentityItems(@AncestorInPath Item item, @QueryParameter String identity) {
            return BlockForm.identities(item, identity);
        }

        @POST
        public FormValidation doCheckIdentity(@AncestorInPath Item item, @QueryParameter String value) {
            return BlockForm.identity(item, value);
        }

        @POST
        public FormValidation doCheckTtl(@AncestorInPath Item item, @QueryParameter String value) {
            return BlockForm.ttl(item, value);
        }

        @POST
        public FormValidation doCheckRoles(@AncestorInPath Item item, @QueryParameter String value) {
            return BlockForm.roles(item, value);
        }
    }
}
