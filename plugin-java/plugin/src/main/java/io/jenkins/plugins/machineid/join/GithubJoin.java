// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** GitHub Actions: an agent that runs inside of a workflow. */
public class GithubJoin extends IdTokenJoin {
    static final String METHOD = "github";

    @DataBoundConstructor
    public GithubJoin() {}

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
