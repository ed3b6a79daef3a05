// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;

/** Bitbucket Pipelines: an agent that runs inside of a step. */
public class BitbucketJoin extends IdTokenJoin {
    static final String METHOD = "bitbucket";

    @DataBoundConstructor
    public BitbucketJoin() {}

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
