// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import hudson.RelativePath;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * Signed by this Jenkins: the controller states which build it is, or which agent, for each lease anew. No agent proves or keeps
 * anything. Teleport knows no such method: the statement is written as the token of one that it knows.
 */
public class JenkinsJoin extends NamedTokenJoin {
    public static final String SYMBOL = "jenkins";

    /** Whom a statement is about; the default first. */
    private static final List<String> SCOPES = List.of("build", "agent");

    private String form;
    private String audience;
    private String scope;

    @DataBoundConstructor
    public JenkinsJoin() {}

    @Override
    public String symbol() {
        return SYMBOL;
    }

    @Override
    public String method() {
        return getForm();
    }

    /** Teleport's join method that the statement is written for. */
    public String getForm() {
        return form == null ? StatementForm.CHOSEN.method() : form;
    }

    @DataBoundSetter
    public void setForm(String form) {
        this.form = Texts.unlessDefault(form, StatementForm.CHOSEN.method());
        FormFault.field(JenkinsJoin.class, "form", () -> Checks.choice(getForm(), StatementForm.methods(), "form"));
    }

    /** Whom the statement is for; null: what the cluster says. */
    public String getAudience() {
        return audience;
    }

    @DataBoundSetter
    public void setAudience(String audience) {
        this.audience = Texts.orNull(audience);
        FormFault.field(JenkinsJoin.class, "audience", () -> Checks.optional(this.audience, Checks::resource));
    }

    /** {@code build}: a block of a build. {@code agent}: the agent alone, for its standing destination. */
    public String getScope() {
        return scope == null ? SCOPES.get(0) : scope;
    }

    @DataBoundSetter
    public void setScope(String scope) {
        this.scope = Texts.unlessDefault(scope, SCOPES.get(0));
        FormFault.field(JenkinsJoin.class, "scope", () -> Checks.choice(getScope(), SCOPES, "scope"));
    }

    @Override
    public boolean statesAgents() {
        return !getScope().equals(SCOPES.get(0));
    }

    @Override
    public Optional<StatementForm> statement() {
        return StatementForm.named(getForm());
    }

    @Override
    public String statedFor(String ofCluster) {
        return audience == null ? ofCluster : audience;
    }

    /** The proof comes with each lease. */
    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        return Map.of("given", true);
    }

    @Override
    protected Object ours() {
        return Arrays.asList(audience, scope);
    }

    @Override
    public void check() {
        setForm(form);
        setScope(scope);
        setAudience(audience);
        if (getTokenName() == null) {
            throw new IllegalArgumentException(Messages.Check_tokenResource());
        }
        super.check();
    }

    /** First after {@code token}: nothing is left to do on agents. */
    @Extension(ordinal = 90)
    @Symbol(SYMBOL)
    public static class DescriptorImpl extends NamedTokenDescriptor {
        public DescriptorImpl() {
            super(SYMBOL);
        }

        @Override
        public String getDisplayName() {
            return Messages.JenkinsJoin_displayName();
        }

        /** As saving says it; what stands in the other entries of the form isn't known here. */
        @Override
        protected FormValidation checkUse(String tokenName, String cluster, String id) {
            return TokenUse.taken(cluster, id, tokenName).map(FormValidation::warning).orElseGet(FormValidation::ok);
        }

        @POST
        public ListBoxModel doFillFormItems() {
            return FormAccess.fill(() -> FormAdvice.choices());
        }

        /** @param cluster its name, of the identity that this is the method of */
        @POST
        public FormValidation doCheckForm(
                @QueryParameter String value, @RelativePath("..") @QueryParameter String cluster) {
            return FormAccess.administrator().check(() -> FormAdvice.check(value, cluster));
        }

        @POST
        public ListBoxModel doFillScopeItems() {
            return FormAccess.fill(() -> {
                ListBoxModel items = new ListBoxModel();
                items.add(Messages.JenkinsJoin_scopeBuild(), SCOPES.get(0));
                items.add(Messages.JenkinsJoin_scopeAgent(), SCOPES.get(1));
                return items;
            });
        }

        @POST
        public FormValidation doCheckAudience(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::resource));
        }
    }
}
