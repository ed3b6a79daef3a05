// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Any issuer of ID tokens: the token is in a variable or a file of the agent, or a command prints it. */
public class GenericOidcJoin extends IdTokenJoin {
    static final String METHOD = "generic_oidc";

    private List<String> command;
    private String timeout;

    @DataBoundConstructor
    public GenericOidcJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    /** A program and its arguments, run on the agent without a shell; it prints the ID token. */
    public List<String> getCommand() {
        return Texts.orEmpty(command);
    }

    /** A form sends one text with an argument a line. */
    @DataBoundSetter
    public void setCommand(List<String> command) {
        List<String> words = new ArrayList<>();
        Texts.orEmpty(command).forEach(entry -> words.addAll(words(entry)));
        this.command = words.isEmpty() ? null : words;
        FormFault.field(GenericOidcJoin.class, "command", () -> Checks.command(words));
    }

    private static List<String> words(String text) {
        return text.lines().filter(line -> !line.isBlank()).toList();
    }

    /** For the form. */
    public String getCommandText() {
        return String.join("\n", getCommand());
    }

    /** Longest that the command may take; null: 1 minute. */
    public String getTimeout() {
        return timeout;
    }

    @DataBoundSetter
    public void setTimeout(String timeout) {
        this.timeout = Texts.orNull(timeout);
        FormFault.field(GenericOidcJoin.class, "timeout", () -> Checks.optional(this.timeout, Checks::timeout));
    }

    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        Map<String, Object> settings = super.settings(agentsOwn);
        put(settings, "command", command);
        put(settings, "timeout", timeout == null ? null : Checks.timeout(timeout));
        return settings;
    }

    @Override
    public void check() {
        super.check();
        setCommand(command);
        setTimeout(timeout);
    }

    @Extension
    @Symbol(METHOD)
    public static class DescriptorImpl extends IdTokenDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }

        @POST
        public FormValidation doCheckCommand(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, text -> Checks.command(words(text))));
        }

        @POST
        public FormValidation doCheckTimeout(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::timeout));
        }
    }
}
