// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** Azure DevOps: an agent that runs inside of a pipeline's job. */
public class AzureDevopsJoin extends IdTokenJoin {
    static final String METHOD = "azure_devops";

    @DataBoundConstructor
    public AzureDevopsJoin() {}

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
