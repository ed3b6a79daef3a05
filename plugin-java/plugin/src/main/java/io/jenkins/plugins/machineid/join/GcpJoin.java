// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** Google Cloud: an agent on a machine or in a pod with a service account. */
public class GcpJoin extends IdTokenJoin {
    static final String METHOD = "gcp";

    @DataBoundConstructor
    public GcpJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    @Extension
    @Symbol(METHOD)
    public static class DescriptorImpl extends IdTokenDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }
    }
}
