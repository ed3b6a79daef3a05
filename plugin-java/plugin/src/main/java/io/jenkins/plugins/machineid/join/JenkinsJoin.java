// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
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
 * Signed by this Jenkins: the controller states which build it is, for each lease anew. No agent proves or keeps
 * anything. Teleport knows no such method: the statement is written as the token of one that it knows.
 */
public class JenkinsJoin extends NamedTokenJoin {
    public static final String SYMBOL = "jenkins";

    private static final List<String> FORMS =
            Arrays.stream(StatementForm.values()).map(StatementForm::method).toList();

    private String form;
    private String audience;

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
        return form == null ? FORMS.get(0) : form;
    }

    @DataBoundSetter
    public void setForm(String form) {
        this.form = Texts.unlessDefault(form, FORMS.get(0));
        Checks.choice(getForm(), FORMS, "form");
    }

    /** Whom the statement is for; null: what the cluster says. */
    public String getAudience() {
        return audience;
    }

    @DataBoundSetter
    public void setAudience(String audience) {
        this.audience = Texts.orNull(audience);
        Checks.optional(this.audience, Checks::resource);
    }

    @Override
    public Optional<StatementForm> statement() {
        return Arrays.stream(StatementForm.values())
                .filter(each -> each.method().equals(getForm()))
                .findFirst();
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
        return audience;
    }

    @Override
    public void check() {
        setForm(form);
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

        @POST
        public ListBoxModel doFillFormItems() {
            administrator();
            ListBoxModel items = new ListBoxModel();
            for (StatementForm each : StatementForm.values()) {
                items.add(Messages.JenkinsJoin_form(each.method(), each.since()), each.method());
            }
            return items;
        }

        @Override
        @POST
        public FormValidation doCheckTokenName(@QueryParameter String value, @QueryParameter String tokenFile) {
            administrator();
            return Texts.orNull(value) == null
                    ? FormValidation.warning(Messages.Check_tokenResource())
                    : super.doCheckTokenName(value, tokenFile);
        }

        @POST
        public FormValidation doCheckAudience(@QueryParameter String value) {
            administrator();
            return Checks.formOptional(value, Checks::resource);
        }
    }
}
