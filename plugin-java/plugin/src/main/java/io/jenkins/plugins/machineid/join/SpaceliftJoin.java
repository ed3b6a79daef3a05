// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** Spacelift: an agent that runs inside of a run. */
public class SpaceliftJoin extends IdTokenJoin {
    static final String METHOD = "spacelift";

    @DataBoundConstructor
    public SpaceliftJoin() {}

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
