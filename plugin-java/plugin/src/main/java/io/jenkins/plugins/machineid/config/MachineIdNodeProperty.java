// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.model.Queue;
import hudson.model.queue.CauseOfBlockage;
import hudson.slaves.NodeProperty;
import hudson.slaves.NodePropertyDescriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Entries;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.join.JoinMethod;
import java.util.ArrayList;
import java.util.List;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.verb.POST;

/** What an agent may use. An agent with this property uses nothing but what it names. */
public class MachineIdNodeProperty extends NodeProperty<Node> {
    private List<Binding> identities;
    private String defaultIdentity;
    private StandingDestination standing;
    /** Null: yes. */
    private Boolean onlyAllowedJobs;

    @DataBoundConstructor
    public MachineIdNodeProperty() {}

    /** What {@code config.xml} holds, which a user can send: without the checks of the setters. */
    Object readResolve() {
        if (identities != null) {
            List<Binding> whole = new ArrayList<>();
            for (Object each : identities) {
                if (each instanceof Binding binding && binding.getIdentity() != null) {
                    whole.add(binding);
                }
            }
            identities = whole.isEmpty() ? null : whole;
        }
        if (standing != null && standing.getPath() == null) {
            standing = null;
        }
        return this;
    }

    public List<Binding> getIdentities() {
        return identities == null ? List.of() : List.copyOf(identities);
    }

    @DataBoundSetter
    public void setIdentities(List<Binding> identities) {
        this.identities = identities.isEmpty() ? null : new ArrayList<>(identities);
        identities.forEach(Binding::check);
    }

    public String getDefaultIdentity() {
        return defaultIdentity;
    }

    @DataBoundSetter
    public void setDefaultIdentity(String defaultIdentity) {
        this.defaultIdentity = Texts.orNull(defaultIdentity);
        FormFault.field(
                MachineIdNodeProperty.class, "defaultIdentity", () -> Checks.optional(this.defaultIdentity, Checks::id));
    }

    public StandingDestination getStanding() {
        return standing;
    }

    @DataBoundSetter
    public void setStanding(StandingDestination standing) {
        this.standing = standing;
    }

    /** While the agent keeps something of an identity it takes no job that none of its identities allows. */
    public boolean isOnlyAllowedJobs() {
        return !Boolean.FALSE.equals(onlyAllowedJobs);
    }

    @DataBoundSetter
    public void setOnlyAllowedJobs(boolean onlyAllowedJobs) {
        this.onlyAllowedJobs = onlyAllowedJobs ? null : Boolean.FALSE;
    }

    /** All of it once more, for the reason that {@link JoinMethod#check} gives. */
    void check() {
        getIdentities().forEach(each -> FormFault.entry(
                Messages.Form_named(Messages.Binding_displayName(), each.getIdentity()), each::check));
        setDefaultIdentity(defaultIdentity);
        if (standing != null) {
            FormFault.entry(Messages.StandingDestination_displayName(), standing::check);
            StandingDestination.checkStands(standing.getIdentity() == null ? defaultIdentity : standing.getIdentity());
        }
    }

    /** The names of the identities that it asks for. */
    public List<String> names() {
        return getIdentities().stream().map(Binding::getIdentity).toList();
    }

    /** Asked for each waiting task whenever the queue looks for an executor: nothing here waits or logs. */
    @Override
    public CauseOfBlockage canTake(Queue.BuildableItem item) {
        return isOnlyAllowedJobs() ? JobGate.ofAgent(this, item) : null;
    }

    /** Null when this agent isn't bound to the identity. */
    public Binding binding(String identity) {
        return getIdentities().stream()
                .filter(binding -> binding.getIdentity().equals(identity))
                .findFirst()
                .orElse(null);
    }

    @Extension
    @Symbol("machineId")
    public static class DescriptorImpl extends NodePropertyDescriptor {
        @Override
        public String getDisplayName() {
            return Messages.NodeProperty_displayName();
        }

        @Override
        public NodeProperty<?> newInstance(StaplerRequest2 req, JSONObject formData) throws FormException {
            try {
                // Once for the place of a fault: the binding of the whole tells of none.
                Entries.bind(req, Binding.class, formData.opt("identities"), Messages.Binding_displayName(), "identity");
                NodeProperty<?> property = super.newInstance(req, formData);
                if (property instanceof MachineIdNodeProperty ours) {
                    ours.check();
                }
                return property;
            } catch (RuntimeException | LinkageError e) {
                throw new RefusedForm(new FormException(FormFault.page(getDisplayName(), e), "machineId"), e);
            }
        }

        /** An agent's own token for all agents would be a contradiction. */
        @Override
        public boolean isApplicableAsGlobal() {
            return false;
        }

        @POST
        public ListBoxModel doFillDefaultIdentityItems(
                @AncestorInPath Computer computer, @QueryParameter String defaultIdentity) {
            return FormAccess.configurer(computer)
                    .fill(Messages.Choice_noDefault(), defaultIdentity,
                            () -> AgentChoices.identities(computer, Messages.Choice_noDefault(), defaultIdentity, any -> true));
        }

        @POST
        public FormValidation doCheckDefaultIdentity(@AncestorInPath Computer computer, @QueryParameter String value) {
            return FormAccess.configurer(computer).check(() -> AgentChoices.check(value));
        }
    }
}
