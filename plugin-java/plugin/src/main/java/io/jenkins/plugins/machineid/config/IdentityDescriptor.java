// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Descriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.lease.ConnectionTest;
import java.util.List;
import jenkins.model.Jenkins;
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
    public ListBoxModel doFillJoinMethodItems() {
        return items(JoinMethods.ALL);
    }

    @POST
    public ListBoxModel doFillKeyAlgorithmItems() {
        return items(JoinMethods.KEY_ALGORITHMS);
    }

    @POST
    public ListBoxModel doFillCacheScopeItems() {
        administrator();
        ListBoxModel items = new ListBoxModel();
        items.add(Messages.Identity_scopeAgent(), "agent");
        items.add(Messages.Identity_scopeBuild(), "build");
        return items;
    }

    @POST
    public FormValidation doCheckId(@QueryParameter String value) {
        administrator();
        return Checks.form(value, Checks::id);
    }

    @POST
    public FormValidation doCheckCluster(@QueryParameter String value) {
        administrator();
        String name = Texts.orEmpty(value).trim();
        if (!name.isEmpty() && MachineIdConfiguration.get().cluster(name) == null) {
            return FormValidation.warning(Messages.Check_clusterUnknown(name));
        }
        return Checks.form(name, Checks::name);
    }

    @POST
    public FormValidation doCheckToken(@QueryParameter Secret value, @QueryParameter String joinMethod) {
        administrator();
        if (value == null || value.getPlainText().isEmpty()) {
            return "token".equals(joinMethod) || Texts.orNull(joinMethod) == null
                    ? FormValidation.ok(Messages.Check_tokenPerAgent())
                    : FormValidation.warning(Messages.Check_tokenName(joinMethod));
        }
        return Checks.form(value.getPlainText(), Checks::token);
    }

    @POST
    public FormValidation doCheckTokenFile(@QueryParameter String value) {
        administrator();
        return Checks.formOptional(value, Checks::absolutePath);
    }

    @POST
    public FormValidation doCheckProofVariable(@QueryParameter String value) {
        administrator();
        return Checks.formOptional(value, Checks::variable);
    }

    @POST
    public FormValidation doCheckProofFile(@QueryParameter String value) {
        administrator();
        return Checks.formOptional(value, Checks::absolutePath);
    }

    @POST
    public FormValidation doCheckLifetime(@QueryParameter String value) {
        administrator();
        return Checks.formOptional(value, Checks::ttl);
    }

    @POST
    public FormValidation doCheckRenewalInterval(@QueryParameter String value) {
        administrator();
        return Checks.formOptional(value, Checks::ttl);
    }

    @POST
    public FormValidation doCheckMaxTtl(@QueryParameter String value) {
        administrator();
        return Checks.formOptional(value, Checks::ttl);
    }

    @POST
    public FormValidation doCheckRoles(@QueryParameter String value) {
        administrator();
        return Texts.orNull(value) == null
                ? FormValidation.ok(Messages.Check_rolesAll())
                : Checks.form(value, Checks::roles);
    }

    @POST
    public FormValidation doCheckAllowedJobs(@QueryParameter String value) {
        administrator();
        return Texts.orNull(value) == null
                ? FormValidation.warning(Messages.Check_jobsNone())
                : Checks.form(value, Checks::jobs);
    }

    @POST
    public FormValidation doCheckBuiltInNodeAllowed(@QueryParameter boolean value) {
        administrator();
        return value ? FormValidation.warning(Messages.Check_builtInNode()) : FormValidation.ok();
    }

    /** Test connection, with what stands in the form now; the cluster as it is saved. */
    @POST
    public FormValidation doTestConnection(
            @QueryParameter String id,
            @QueryParameter String cluster,
            @QueryParameter String joinMethod,
            @QueryParameter Secret token,
            @QueryParameter String tokenFile,
            @QueryParameter String proofVariable,
            @QueryParameter String proofFile,
            @QueryParameter boolean builtInNodeAllowed) {
        administrator();
        try {
            Identity identity = new Identity(id, cluster);
            identity.setJoinMethod(joinMethod);
            identity.setToken(token);
            identity.setTokenFile(tokenFile);
            identity.setProofVariable(proofVariable);
            identity.setProofFile(proofFile);
            identity.setBuiltInNodeAllowed(builtInNodeAllowed);
            Cluster known = MachineIdConfiguration.get().cluster(identity.getCluster());
            if (known == null) {
                return FormValidation.error(Messages.Check_clusterUnknown(identity.getCluster()));
            }
            Tokens.notBoth(identity.getToken(), identity.getTokenFile());
            return ConnectionTest.run(known, identity);
        } catch (IllegalArgumentException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    private static ListBoxModel items(List<String> values) {
        administrator();
        ListBoxModel items = new ListBoxModel();
        values.forEach(value -> items.add(value, value));
        return items;
    }

    private static void administrator() {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
    }
}
