// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.Extension;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/** Terraform Cloud: an agent that runs inside of a run. */
public class TerraformCloudJoin extends IdTokenJoin {
    static final String METHOD = "terraform_cloud";

    private String audienceTag;

    @DataBoundConstructor
    public TerraformCloudJoin() {}

    @Override
    public String method() {
        return METHOD;
    }

    /** Tells the tokens of several audiences apart: it ends the name of the variable. */
    public String getAudienceTag() {
        return audienceTag;
    }

    @DataBoundSetter
    public void setAudienceTag(String audienceTag) {
        this.audienceTag = Texts.orNull(audienceTag);
        FormFault.field(TerraformCloudJoin.class, "audienceTag", () -> Checks.optional(this.audienceTag, Checks::variable));
    }

    @Override
    protected Map<String, Object> settings(boolean agentsOwn) {
        Map<String, Object> settings = super.settings(agentsOwn);
        put(settings, "audience_tag", audienceTag);
        return settings;
    }

    @Override
    public void check() {
        super.check();
        setAudienceTag(audienceTag);
    }

    @Extension
    @Symbol(METHOD)
    public static class DescriptorImpl extends IdTokenDescriptor {
        public DescriptorImpl() {
            super(METHOD);
        }

        @POST
        public FormValidation doCheckAudienceTag(@QueryParameter String value) {
            return FormAccess.administrator().check(() -> Checks.formOptional(value, Checks::variable));
        }
    }
}
