// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import hudson.Extension;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import java.util.Map;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** A database that stock clients connect to while a block runs. */
public class Database extends AbstractDescribableImpl<Database> {
    private final String service;
    private final String username;
    private final String database;

    @DataBoundConstructor
    public Database(String service, String username, String database) {
        this.service = Output.required(Database.class, "service", service);
        this.username = Output.required(Database.class, "username", username);
        this.database = Output.required(Database.class, "database", database);
    }

    /** Its name in Teleport. */
    public String getService() {
        return service;
    }

    public String getUsername() {
        return username;
    }

    public String getDatabase() {
        return database;
    }

    /** What the library is asked for. */
    Map<String, Object> request() {
        return Map.of("type", "database", "service", service, "username", username, "database", database);
    }

    @Extension
    public static class DescriptorImpl extends Descriptor<Database> {
        @Override
        public String getDisplayName() {
            return Messages.Output_database();
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
