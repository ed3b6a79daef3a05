// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.AbstractBuild;
import hudson.model.AbstractProject;
import hudson.model.Executor;
import hudson.model.Item;
import hudson.model.Result;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.tasks.BuildWrapper;
import hudson.tasks.BuildWrapperDescriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.lease.ActiveLeases;
import io.jenkins.plugins.machineid.lease.AuditViolation;
import io.jenkins.plugins.machineid.lease.LeaseOptions;
import io.jenkins.plugins.machineid.lease.LeaseSession;
import io.jenkins.plugins.machineid.output.Database;
import io.jenkins.plugins.machineid.output.KubernetesClusters;
import io.jenkins.plugins.machineid.output.Output;
import io.jenkins.plugins.machineid.output.Tunnels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import jenkins.model.CauseOfInterruption;
import jenkins.tasks.SimpleBuildWrapper;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.verb.POST;

/** The block for freestyle jobs: the whole build runs with the agent's machine identity. */
public class MachineIdBuildWrapper extends SimpleBuildWrapper {
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
    public MachineIdBuildWrapper() {}

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
        this.outputs = outputs == null || outputs.isEmpty() ? null : new ArrayList<>(outputs);
        FormFault.field(MachineIdStep.class, "outputs", () -> Checks.outputs(outputs == null ? 0 : outputs.size()));
    }

    public List<Database> getDatabases() {
        return databases;
    }

    @DataBoundSetter
    public void setDatabases(List<Database> databases) {
        this.databases = databases == null || databases.isEmpty() ? null : new ArrayList<>(databases);
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

    @Override
    public void setUp(
            Context context,
            Run<?, ?> run,
            FilePath workspace,
            Launcher launcher,
            TaskListener listener,
            EnvVars initialEnvironment)
            throws IOException, InterruptedException {
        requireFreestyle(run);
        LeaseOptions options = new LeaseOptions(
                identity,
                roles,
                ttl,
                kubernetes(),
                outputs,
                Tunnels.requests(databases, applications, tcpPorts),
                readers,
                leafCluster);
        LeaseSession session = LeaseSession.plan(run, workspace.toComputer(), workspace, options);
        CompletableFuture<Void> turn = session.queue(listener);
        try {
            turn.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            // An abort takes nobody's place.
            turn.cancel(false);
        }
        ActiveLeases.get().add(new Holder(session, run, listener), false);
        Map<String, String> environment = session.acquire(run, listener, false);
        context.setDisposer(new Release(session));
        environment.forEach(context::env);
    }

    /**
     * A pipeline's {@code wrap} gives the variables to the steps of other agents too, and goes on after a restart of the
     * controller without being asked for its permission again.
     */
    static void requireFreestyle(Run<?, ?> run) throws AbortException {
        if (!(run instanceof AbstractBuild)) {
            throw new AbortException(Messages.Wrapper_pipeline());
        }
    }

    /** Gives the lease back. */
    static final class Release extends Disposer {
        private static final long serialVersionUID = 1L;

        private final LeaseSession session;

        Release(LeaseSession session) {
            this.session = session;
        }

        @Override
        public void tearDown(Run<?, ?> run, FilePath workspace, Launcher launcher, TaskListener listener)
                throws IOException {
            AuditViolation violation = session.releaseAndWait(listener);
            if (violation != null) {
                throw violation;
            }
        }
    }

    /** A freestyle build ends as a whole, its executor interrupted. */
    private record Holder(LeaseSession session, Run<?, ?> run, TaskListener listener) implements ActiveLeases.Holder {
        @Override
        public void refused(AbortException why) {
            end(run, why);
            session.release();
        }
    }

    static void end(Run<?, ?> run, AbortException why) {
        Executor executor = run.getExecutor();
        if (executor != null) {
            executor.interrupt(Result.FAILURE, new LeaseEnded(why.getMessage()));
        }
    }

    /** Told in the console and on the build's page. */
    static final class LeaseEnded extends CauseOfInterruption {
        private static final long serialVersionUID = 1L;

        private final String sentence;

        LeaseEnded(String sentence) {
            this.sentence = sentence;
        }

        @Override
        public String getShortDescription() {
            return sentence;
        }
    }

    @Extension
    @Symbol("machineIdLease")
    public static class DescriptorImpl extends BuildWrapperDescriptor {
        @Override
        public String getDisplayName() {
            return Messages.Wrapper_displayName();
        }

        @Override
        public boolean isApplicable(AbstractProject<?, ?> item) {
            return true;
        }

        /** Its fields are the step's, and so is what is to be said of them. */
        @Override
        public String getHelpFile(String fieldName) {
            return fieldName == null
                    ? super.getHelpFile(null)
                    : ExtensionList.lookupSingleton(MachineIdStep.DescriptorImpl.class).getHelpFile(fieldName);
        }

        @Override
        public BuildWrapper newInstance(StaplerRequest2 req, JSONObject formData) throws FormException {
            try {
                BlockForm.checkOutputs(req, formData);
                return super.newInstance(req, formData);
            } catch (RuntimeException | LinkageError e) {
                throw new FormException(FormFault.page(getDisplayName(), e), "machineIdLease");
            }
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
