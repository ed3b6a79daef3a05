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
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.lease.LeaseOptions;
import io.jenkins.plugins.machineid.output.Database;
import io.jenkins.plugins.machineid.output.KubernetesClusters;
import io.jenkins.plugins.machineid.output.Output;
import io.jenkins.plugins.machineid.output.Tunnels;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.verb.POST;

/** {@code withMachineId}: a block of a pipeline with the agent's machine identity. Plain data. */
public class MachineIdStep extends Step {
    static final String FUNCTION = "withMachineId";
    private static final int LONGEST_ARGUMENTS = 120;

    private String identity;
    private List<String> roles;
    private String ttl;
    private String kubernetesCluster;
    private List<String> kubernetesClusters;
    private List<Output> outputs;
    private List<Database> databases;
    private List<String> applications;
    private boolean tcpPorts;
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
        FormFault.field(
                MachineIdStep.class, "kubernetesCluster", () -> Checks.optional(this.kubernetesCluster, Checks::resource));
    }

    /** The clusters, the current context first, if they are several. */
    public List<String> getKubernetesClusters() {
        return KubernetesClusters.several(kubernetes());
    }

    @DataBoundSetter
    public void setKubernetesClusters(List<String> kubernetesClusters) {
        this.kubernetesClusters = Texts.names(kubernetesClusters);
        FormFault.field(
                MachineIdStep.class, "kubernetesClusters", () -> Checks.kubernetesClusters(this.kubernetesClusters));
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
        FormFault.field(MachineIdStep.class, "outputs", () -> Checks.outputs(outputs == null ? 0 : outputs.size()));
    }

    public List<Database> getDatabases() {
        return databases;
    }

    @DataBoundSetter
    public void setDatabases(List<Database> databases) {
        this.databases = databases == null || databases.isEmpty() ? null : List.copyOf(databases);
        FormFault.field(MachineIdStep.class, "databases", () -> Checks.tunnels(databases == null ? 0 : databases.size()));
    }

    public List<String> getApplications() {
        return applications;
    }

    @DataBoundSetter
    public void setApplications(List<String> applications) {
        this.applications = Texts.names(applications);
        FormFault.field(MachineIdStep.class, "applications", () -> Checks.applications(this.applications));
    }

    /** TCP ports of 127.0.0.1, which every user of the machine can connect to, instead of Unix sockets. */
    public boolean isTcpPorts() {
        return tcpPorts;
    }

    @DataBoundSetter
    public void setTcpPorts(boolean tcpPorts) {
        this.tcpPorts = tcpPorts;
    }

    public List<String> getReaders() {
        return readers;
    }

    @DataBoundSetter
    public void setReaders(List<String> readers) {
        this.readers = Texts.words(readers);
        FormFault.field(MachineIdStep.class, "readers", () -> Checks.readers(this.readers));
    }

    public String getLeafCluster() {
        return leafCluster;
    }

    @DataBoundSetter
    public void setLeafCluster(String leafCluster) {
        this.leafCluster = Texts.orNull(leafCluster);
        FormFault.field(MachineIdStep.class, "leafCluster", () -> Checks.optional(this.leafCluster, Checks::resource));
    }

    LeaseOptions options() {
        return new LeaseOptions(
                identity,
                roles,
                ttl,
                kubernetes(),
                outputs,
                Tunnels.requests(databases, applications, tcpPorts),
                readers,
                leafCluster);
    }

    @Override
    public StepExecution start(StepContext context) {
        return new MachineIdStepExecution(context, options());
    }

    /** A sentence alone, without the trace that the snippet generator prints of others. */
    static final class Unfinished extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unfinished(String sentence) {
            super(sentence, null, false, false);
        }

        @Override
        public String toString() {
            return getMessage();
        }
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

        /** For the snippet generator, which shows what is thrown in place of a snippet. */
        @Override
        public Step newInstance(StaplerRequest2 req, JSONObject formData) throws FormException {
            try {
                BlockForm.checkOutputs(req, formData);
                return super.newInstance(req, formData);
            } catch (RuntimeException | LinkageError e) {
                throw new Unfinished(FormFault.of(e));
            }
        }

        /** Identity and roles: what a reader of the build's steps wants to know, and no secret. */
        @Override
        public String argumentsToString(Map<String, Object> namedArgs) {
            List<String> shown = new ArrayList<>();
            for (String name : List.of("identity", "roles", "ttl", "kubernetesCluster", "kubernetesClusters", "leafCluster")) {
                Object value = namedArgs.get(name);
                if (value != null) {
                    shown.add(value instanceof Collection<?> list ? Texts.joined(list) : value.toString());
                }
            }
            String text = String.join("; ", shown);
            return text.isEmpty() ? null : text.substring(0, Math.min(text.length(), LONGEST_ARGUMENTS));
        }

        @POST
        public ListBoxModel doFillIdentityItems(@AncestorInPath Item item, @QueryParameter String identity) {
            return FormAccess.configurer(item)
                    .fill(Messages.Choice_default(), identity,
                            () -> BlockForm.identities(item, identity));
        }

        @POST
        public FormValidation doCheckIdentity(@AncestorInPath Item item, @QueryParameter String value) {
            return FormAccess.configurer(item).check(() -> BlockForm.identity(item, value));
        }

        @POST
        public FormValidation doCheckTtl(@AncestorInPath Item item, @QueryParameter String value) {
            return FormAccess.configurer(item).check(() -> Checks.formOptional(value, Checks::ttl));
        }

        @POST
        public FormValidation doCheckRoles(@AncestorInPath Item item, @QueryParameter String value) {
            return FormAccess.configurer(item).check(() -> Checks.formOptional(value, Checks::roles));
        }
    }
}
