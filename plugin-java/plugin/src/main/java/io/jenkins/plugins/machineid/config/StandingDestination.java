// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Computer;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.output.KubernetesClusters;
import java.util.List;
import jenkins.model.Jenkins;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A directory on the agent that is kept fresh while the agent is connected, as tbot would. */
public class StandingDestination extends AbstractDescribableImpl<StandingDestination> {
    private final String path;
    private List<String> readers;
    private String identity;
    private List<String> roles;
    private String kubernetesCluster;
    private List<String> kubernetesClusters;

    @DataBoundConstructor
    public StandingDestination(String path) {
        this.path = Texts.orEmpty(path).trim();
        FormFault.field(StandingDestination.class, "path", () -> Checks.destination(this.path));
    }

    public String getPath() {
        return path;
    }

    /** Users that may read beside the agent's own. */
    public List<String> getReaders() {
        return Texts.orEmpty(readers);
    }

    @DataBoundSetter
    public void setReaders(List<String> readers) {
        this.readers = Texts.words(readers);
        FormFault.field(StandingDestination.class, "readers", () -> Checks.readers(this.readers));
    }

    /** For the form. */
    public String getReadersText() {
        return String.join(", ", getReaders());
    }

    /** Null: the agent's default. */
    public String getIdentity() {
        return identity;
    }

    @DataBoundSetter
    public void setIdentity(String identity) {
        this.identity = Texts.orNull(identity);
        FormFault.field(StandingDestination.class, "identity", () -> Checks.optional(this.identity, Checks::id));
    }

    public List<String> getRoles() {
        return Texts.orEmpty(roles);
    }

    @DataBoundSetter
    public void setRoles(List<String> roles) {
        this.roles = Texts.words(roles);
        FormFault.field(StandingDestination.class, "roles", () -> Checks.roles(getRolesText()));
    }

    /** For the form. */
    public String getRolesText() {
        return String.join(", ", getRoles());
    }

    /** The cluster, if it is one; several are {@link #getKubernetesClusters}. */
    public String getKubernetesCluster() {
        return KubernetesClusters.only(kubernetes());
    }

    @DataBoundSetter
    public void setKubernetesCluster(String kubernetesCluster) {
        this.kubernetesCluster = Texts.orNull(kubernetesCluster);
        FormFault.field(
                StandingDestination.class, "kubernetesCluster", () -> Checks.optional(this.kubernetesCluster, Checks::resource));
    }

    /** The clusters, the current context first, if they are several. */
    public List<String> getKubernetesClusters() {
        return KubernetesClusters.several(kubernetes());
    }

    @DataBoundSetter
    public void setKubernetesClusters(List<String> kubernetesClusters) {
        this.kubernetesClusters = Texts.names(kubernetesClusters);
        FormFault.field(
                StandingDestination.class, "kubernetesClusters", () -> Checks.kubernetesClusters(this.kubernetesClusters));
    }

    /** For the form. */
    public String getKubernetesText() {
        return String.join(", ", kubernetes());
    }

    /** All clusters, the current context first. */
    public List<String> kubernetes() {
        return KubernetesClusters.all(kubernetesCluster, kubernetesClusters);
    }

    /**
     * It serves whichever build is there, and a statement of scope build is about one. What an identity says is told to
     * administrators only; with others the destination isn't kept, and the agent's log says why.
     *
     * @param id null: none
     */
    static void checkStands(String id) {
        Identity known = id != null && Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                ? MachineIdConfiguration.get().identity(id)
                : null;
        if (known != null
                && known.getJoin().statement().isPresent()
                && !known.getJoin().statesAgents()) {
            throw new IllegalArgumentException(Messages.Check_standingStatement(id));
        }
    }

    /** All of it once more, for the reason that {@link JoinMethod#check} gives. */
    void check() {
        setIdentity(identity);
        setRoles(roles);
        setReaders(readers);
        setKubernetesCluster(kubernetesCluster);
        setKubernetesClusters(kubernetesClusters);
    }

    @Extension
    @Symbol("standingDestination")
    public static class DescriptorImpl extends Descriptor<StandingDestination> {
        @Override
        public String getDisplayName() {
            return Messages.StandingDestination_displayName();
        }

        @POST
        public FormValidation doCheckPath(@AncestorInPath Computer computer, @QueryParameter String value) {
            return FormAccess.configurer(computer).check(() -> Checks.formOptional(value, Checks::destination));
        }

        @POST
        public ListBoxModel doFillIdentityItems(@AncestorInPath Computer computer, @QueryParameter String identity) {
            return FormAccess.configurer(computer).fill(Messages.Choice_default(), identity, () -> AgentChoices.identities(
                    computer,
                    Messages.Choice_default(),
                    identity,
                    known -> known.getJoin().statement().isEmpty() || known.getJoin().statesAgents()));
        }

        @POST
        public FormValidation doCheckIdentity(@AncestorInPath Computer computer, @QueryParameter String value) {
            return FormAccess.configurer(computer).check(() -> {
                FormValidation form = AgentChoices.check(value);
                return form.kind == FormValidation.Kind.OK
                        ? Checks.formOptional(value, StandingDestination::checkStands)
                        : form;
            });
        }

        @POST
        public FormValidation doCheckRoles(@AncestorInPath Computer computer, @QueryParameter String value) {
            return FormAccess.configurer(computer).check(() -> Checks.formOptional(value, Checks::roles));
        }
    }
}
