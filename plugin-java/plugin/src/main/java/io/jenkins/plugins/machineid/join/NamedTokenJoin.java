// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.RelativePath;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.List;
import java.util.Map;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A method whose token is a resource with a name: the name is no secret. */
public abstract class NamedTokenJoin extends JoinMethod {
    private String tokenName;

    @Override
    public boolean keepsSecret() {
        return false;
    }

    public String getTokenName() {
        return tokenName;
    }

    @DataBoundSetter
    public void setTokenName(String tokenName) {
        this.tokenName = Texts.orNull(tokenName);
        FormFault.field(NamedTokenJoin.class, "tokenName", () -> Checks.optional(this.tokenName, NamedTokenJoin::name));
    }

    @Override
    protected Object token() {
        return tokenName;
    }

    /** None, unless a method says otherwise. */
    @Override
    protected String tokenFile() {
        return null;
    }

    @Override
    public void check() {
        setTokenName(tokenName);
        // With a secret the agents can have tokens of their own.
        if (tokenName == null && tokenFile() == null && !keepsSecret()) {
            throw new IllegalArgumentException(Messages.Check_tokenName(symbol()));
        }
        List<String> given = Vocabulary.atMostOne(method()).stream()
                .filter(settings(false)::containsKey)
                .toList();
        if (given.size() > 1) {
            throw new IllegalArgumentException(Messages.Check_atMostOne(symbol(), String.join(", ", given)));
        }
    }

    /** What isn't set isn't sent. */
    static void put(Map<String, Object> settings, String name, Object value) {
        if (value != null) {
            settings.put(name, value);
        }
    }

    /** What stands here is saved as it is and shown: nothing secret may get in. */
    private static void name(String text) {
        JoinUri uri = JoinUri.read(text);
        if (uri != null) {
            throw new IllegalArgumentException(
                    uri.holdsSecret() ? Messages.JoinUri_notHere() : Messages.JoinUri_nameOnly(uri.name()));
        }
        Checks.token(text);
    }

    /** The fields that these methods have in common. */
    public abstract static class NamedTokenDescriptor extends JoinMethodDescriptor {
        protected NamedTokenDescriptor(String method) {
            super(method);
        }

        /**
         * @param cluster its name, of the identity that this is the method of
         * @param id of that identity
         */
        @POST
        public FormValidation doCheckTokenName(
                @QueryParameter String value,
                @RelativePath("..") @QueryParameter String cluster,
                @RelativePath("..") @QueryParameter String id) {
            return FormAccess.administrator().check(() -> {
                FormValidation rule = Checks.formOptional(value, NamedTokenJoin::name);
                return rule.kind == FormValidation.Kind.OK ? checkUse(value, cluster, id) : rule;
            });
        }

        /** What there is to say of a name that may be one. */
        protected FormValidation checkUse(String tokenName, String cluster, String id) {
            return FormValidation.ok();
        }
    }
}
