// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import hudson.Extension;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Certificate and key for a database. */
public class DatabaseOutput extends Output {
    private static final List<String> FORMATS = Vocabulary.words("database_formats");

    private final String service;
    private String username;
    private String database;
    private String format;

    @DataBoundConstructor
    public DatabaseOutput(String service) {
        this.service = required(DatabaseOutput.class, "service", service);
    }

    public String getService() {
        return service;
    }

    public String getUsername() {
        return username;
    }

    @DataBoundSetter
    public void setUsername(String username) {
        this.username = Texts.orNull(username);
        FormFault.field(DatabaseOutput.class, "username", () -> Checks.optional(this.username, Checks::resource));
    }

    public String getDatabase() {
        return database;
    }

    @DataBoundSetter
    public void setDatabase(String database) {
        this.database = Texts.orNull(database);
        FormFault.field(DatabaseOutput.class, "database", () -> Checks.optional(this.database, Checks::resource));
    }

    /** One of the library's formats; null: no extra files. */
    public String getFormat() {
        return format;
    }

    @DataBoundSetter
    public void setFormat(String format) {
        this.format = Texts.orNull(format);
        if (this.format != null) {
            FormFault.field(DatabaseOutput.class, "format", () -> Checks.choice(this.format, FORMATS, "format"));
        }
    }

    @Override
    public Map<String, Object> request() {
        Map<String, Object> request = new HashMap<>();
        request.put("type", "database");
        request.put("service", service);
        request.put("username", username);
        request.put("database", database);
        request.put("format", format);
        request.values().removeIf(Objects::isNull);
        return request;
    }

    @Extension
    @Symbol("databaseAccess")
    public static class DescriptorImpl extends Descriptor<Output> {
        @Override
        public String getDisplayName() {
            return Messages.Output_database();
        }

        @POST
        public ListBoxModel doFillFormatItems() {
            return FormAccess.fill(() -> {
                ListBoxModel items = new ListBoxModel();
                items.add(Messages.Output_formatNone(), "");
                FORMATS.forEach(format -> items.add(format, format));
                return items;
            });
        }

        @POST
        public FormValidation doCheckService(@QueryParameter String value) {
            return FormAccess.everyone().check(() -> Checks.formOptional(value, Checks::resource));
        }

        @POST
        public FormValidation doCheckUsername(@QueryParameter String value) {
            return FormAccess.everyone().check(() -> Checks.formOptional(value, Checks::resource));
        }

        @POST
        public FormValidation doCheckDatabase(@QueryParameter String value) {
            return FormAccess.everyone().check(() -> Checks.formOptional(value, Checks::resource));
        }
    }
}
