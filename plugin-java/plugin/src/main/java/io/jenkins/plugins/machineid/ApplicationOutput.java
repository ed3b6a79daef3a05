// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import hudson.Extension;
import hudson.model.Descriptor;
import org.jenkinsci.Symbol;
import org.json.JSONObject;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** Certificate and key for a web application. */
public class ApplicationOutput extends Output {
    private final String app;
    private boolean specificTlsNaming;

    @DataBoundConstructor
    public ApplicationOutput(String app) {
        this.app = required(app, "app");
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
    public JSONObject toJson() {
        JSONObject object = new JSONObject().put("type", "application").put("app", app);
        if (specificTlsNaming) {
            object.put("specific_tls_naming", true);
        }
        return object;
    }

    @Extension
    @Symbol("applicationAccess")
    public static class DescriptorImpl extends Descriptor<Output> {
        @Override
        public String getDisplayName() {
            return Messages.Output_application();
        }
    }
}
