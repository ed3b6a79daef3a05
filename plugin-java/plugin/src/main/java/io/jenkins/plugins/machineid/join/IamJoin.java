// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** AWS: an agent with credentials of an IAM role, as of an instance, a task or a service account. */
public class IamJoin extends AgentProofJoin {
    static final String METHOD = "iam";

    private Boolean fips;

    @DataBoundConstructor
    public IamJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    /** Asks AWS' FIPS endpoints. */
    public boolean isFips() {
        return Boolean.TRUE.equals(fips);
    }

    @DataBoundSetter
    public void setFips(boolean fips) {
        this.fips = fips ? Boolean.TRUE : null;
    }

    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        Map<String, Object> settings = new LinkedHashMap<>();
        put(settings, "fips", fips);
        return settings;
    }

    @Extension
    @Symbol(METHOD)
    public static class DescriptorImpl extends AgentProofDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }
    }
}
