// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Descriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Choices;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.List;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** The form of an identity. */
public abstract class IdentityDescriptor extends Descriptor<Identity> {
    IdentityDescriptor() {
        super(Identity.class);
    }

    @Override
    public String getDisplayName() {
        return Messages.Identity_displayName();
    }

    @POST
    public ListBoxModel doFillClusterItems(@QueryParameter String cluster) {
        return FormAccess.administrator().fill(Messages.Choice_cluster(), cluster, () -> {
            List<String> names = MachineIdConfiguration.get().getClusters().stream().map(Cluster::getName).toList();
            return Choices.of(Messages.Choice_cluster(), names, cluster);
        });
    }

    @POST
    public ListBoxModel doFillKeyAlgorithmItems() {
        return FormAccess.fill(() -> {
            ListBoxModel items = new ListBoxModel();
            Identity.KEY_ALGORITHMS.forEach(name -> items.add(name, name));
            return items;
        });
    }

    @POST
    public ListBoxModel doFillCacheScopeItems() {
        return FormAccess.fill(() -> {
            ListBoxModel items = new ListBoxModel();
            items.add(Messages.Identity_scopeAgent(), "agent");
            items.add(Messages.Identity_scopeBuild(), "build");
            return items;
        });
    }

    @POST
    public ListBoxModel doFillAgentsByItems() {
        return FormAccess.fill(() -> {
            ListBoxModel items = new ListBoxModel();
            items.add(Messages.Identity_byNames(), "names");
            items.add(Messages.Identity_byLabel(), "label");
            items.add(Messages.Identity_byAny(), "any");
            return items;
        });
    }

    @POST
    public FormValidation doCheckId(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::id));
    }

    /** @param clustersAbove names in the same form, one a line, saved or not */
    @POST
    public FormValidation doCheckCluster(
            @QueryParameter String value, @QueryParameter String id, @QueryParameter String clustersAbove) {
        return FormAccess.administrator().check(() -> {
            String name = Texts.orEmpty(value).trim();
            if (name.isEmpty()) {
                // Nobody has typed anything yet.
                return Texts.orNull(id) == null
                        ? FormValidation.ok()
                        : FormValidation.error(Messages.Check_clusterMissing(id.trim()));
            }
            if (MachineIdConfiguration.get().cluster(name) != null) {
                return FormValidation.ok();
            }
            return Texts.orEmpty(clustersAbove).lines().anyMatch(name::equals)
                    ? FormValidation.ok(Messages.Check_clusterAbove())
                    : FormValidation.error(Messages.Check_clusterUnknown(name));
        });
    }

    @POST
    public FormValidation doCheckLifetime(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::ttl));
    }

    @POST
    public FormValidation doCheckRenewalInterval(@QueryParameter String value, @QueryParameter String lifetime) {
        return FormAccess.administrator().check(() -> {
            String other = Texts.orNull(lifetime) == null ? Identity.DEFAULT_LIFETIME : lifetime.trim();
            return Checks.formOptional(value, text -> Checks.interval(text, other));
        });
    }

    @POST
    public FormValidation doCheckMaxTtl(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::ttl));
    }

    @POST
    public FormValidation doCheckRoles(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> Texts.orNull(value) == null
                ? FormValidation.ok(Messages.Check_rolesAll())
                : Checks.form(value, Checks::roles));
    }

    @POST
    public FormValidation doCheckAllowedJobs(@QueryParameter String value, @QueryParameter String id) {
        return FormAccess.administrator().check(() -> Texts.orNull(value) == null && Texts.orNull(id) != null
                ? FormValidation.warning(Messages.Check_jobsNone())
                : NamedJobs.check(value, ""));
    }

    @POST
    public FormValidation doCheckAllowedAgents(
            @QueryParameter String value, @QueryParameter String agentsBy, @QueryParameter String id) {
        return FormAccess.administrator()
                .check(() -> Texts.orNull(value) == null && Texts.orNull(id) != null && names(agentsBy)
                ? FormValidation.warning(Messages.Check_agentsNone())
                : Checks.form(value, Checks::agents));
    }

    @POST
    public FormValidation doCheckAgentCredentials(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::credentials));
    }

    @POST
    public FormValidation doCheckAgentsBy(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> {
            if ("any".equals(value)) {
                return FormValidation.warning(Messages.Check_byAny());
            }
            return "label".equals(value) ? FormValidation.warning(Messages.Check_byLabel()) : FormValidation.ok();
        });
    }

    @POST
    public FormValidation doCheckBuiltInNodeAllowed(@QueryParameter boolean value) {
        return FormAccess.administrator()
                .check(() -> value ? FormValidation.warning(Messages.Check_builtInNode()) : FormValidation.ok());
    }

    /**
     * Test connection, with what stands in the form now; cluster and join method as they are saved. Of the method only
     * its name is sent: a test needs no token, so none comes here.
     */
    @POST
    public FormValidation doTestConnection(
            @QueryParameter String id,
            @QueryParameter String cluster,
            @QueryParameter String allowedAgents,
            @QueryParameter String agentsBy,
            @QueryParameter String agentLabel,
            @QueryParameter boolean builtInNodeAllowed) {
        return FormAccess.administrator().test(() -> {
            try {
                Identity identity = new Identity(id, cluster);
                identity.setAllowedAgents(List.of(Texts.orEmpty(allowedAgents)));
                identity.setAgentsBy(agentsBy);
                identity.setAgentLabel(agentLabel);
                identity.setBuiltInNodeAllowed(builtInNodeAllowed);
                identity.checkAgents();
                Cluster known = MachineIdConfiguration.get().cluster(identity.getCluster());
                if (known == null) {
                    return FormValidation.error(Messages.Check_saveCluster(identity.getCluster()));
                }
                Identity saved = MachineIdConfiguration.get().identity(identity.getId());
                if (saved == null) {
                    return FormValidation.warning(Messages.Check_saveIdentity(identity.getId()));
                }
                identity.setJoin(saved.getJoin());
                return ConnectionCheck.get().run(known, identity);
            } catch (IllegalArgumentException e) {
                return FormValidation.error(e.getMessage());
            }
        });
    }

    private static boolean names(String agentsBy) {
        return Texts.orNull(agentsBy) == null || agentsBy.trim().equals(Identity.AGENTS_BY.get(0));
    }
}
