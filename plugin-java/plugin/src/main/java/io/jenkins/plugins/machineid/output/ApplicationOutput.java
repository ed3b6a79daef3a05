// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import hudson.Extension;
import hudson.model.Descriptor;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Certificate and key for a web application. */
public class ApplicationOutput extends Output {
    private final String app;
    private boolean specificTlsNaming;

    @DataBoundConstructor
    public ApplicationOutput(String app) {
        this.app = required(ApplicationOutput.class, "app", app);
    }

    public String getApp() {
        return app;
    }

    public boolean isSpecificTlsNaming() {
        return specificTlsNaming;
    }

    @DataBoundSetter
    public void setSpecificTlsNaming(boolean specificTlsNaming) {
        this.specificTlsNaming = specificTlsNaming;
    }

    @Override
    public Map<String, Object> request() {
        return specificTlsNaming
                ? Map.of("type", "application", "app", app, "specific_tls_naming", true)
                : Map.of("type", "application", "app", app);
    }

    @Extension
    @Symbol("applicationAccess")
    public static class DescriptorImpl extends Descriptor<Output> {
        @Override
        public String getDisplayName() {
            return Messages.Output_application();
        }

        @POST
        public FormValidation doCheckApp(@QueryParameter String value) {
            return FormAccess.everyone().check(() -> Checks.formOptional(value, Checks::resource));
        }
    }
}
