// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Texts;
import jenkins.model.GlobalConfiguration;
import jenkins.model.Jenkins;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.verb.POST;

/** When the signing keys are changed by themselves. The keys are no configuration, and nothing of them is here. */
@Extension
@Symbol("machineIdIssuer")
public class IssuerConfiguration extends GlobalConfiguration {
    private static final int DEFAULT_ANNOUNCE = 14;
    private static final int LONGEST = 3650;

    /** In days; null: by hand alone. */
    private Integer rotateAfterDays;

    /** Null: the default. */
    private Integer announceDays;

    public IssuerConfiguration() {
        load();
    }

    public static IssuerConfiguration get() {
        return ExtensionList.lookupSingleton(IssuerConfiguration.class);
    }

    @Override
    public String getDisplayName() {
        return Messages.Issuer_displayName();
    }

    public synchronized Integer getRotateAfterDays() {
        return rotateAfterDays;
    }

    /** @param days null: by hand alone */
    @DataBoundSetter
    public synchronized void setRotateAfterDays(Integer days) {
        rotateAfterDays = days == null ? null : days("rotateAfterDays", days, 2);
        save();
    }

    public synchronized Integer getAnnounceDays() {
        return announceDays;
    }

    /** @param days null: the default */
    @DataBoundSetter
    public synchronized void setAnnounceDays(Integer days) {
        announceDays = days == null || days == DEFAULT_ANNOUNCE ? null : days("announceDays", days, 1);
        save();
    }

    synchronized RotationSchedule schedule() {
        return rotateAfterDays == null
                ? RotationSchedule.OFF
                : RotationSchedule.ofDays(rotateAfterDays, announceDays == null ? DEFAULT_ANNOUNCE : announceDays);
    }

    @Override
    public boolean configure(StaplerRequest2 req, JSONObject json) throws FormException {
        try {
            Integer rotate = number("rotateAfterDays", json.optString("rotateAfterDays"), 2);
            Integer announce = number("announceDays", json.optString("announceDays"), 1);
            setRotateAfterDays(rotate);
            setAnnounceDays(announce);
        } catch (IllegalArgumentException e) {
            throw new FormException(e.getMessage(), "machineIdIssuer");
        }
        return true;
    }

    @POST
    public FormValidation doCheckRotateAfterDays(@QueryParameter String value) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Checks.formOptional(value, text -> number("rotateAfterDays", text, 2));
    }

    @POST
    public FormValidation doCheckAnnounceDays(@QueryParameter String value) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Checks.formOptional(value, text -> number("announceDays", text, 1));
    }

    private static Integer number(String field, String text, int least) {
        String digits = Texts.orNull(text);
        if (digits == null) {
            return null;
        }
        try {
            return days(field, Integer.parseInt(digits), least);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(Messages.Issuer_days(field, least, LONGEST));
        }
    }

    private static Integer days(String field, int days, int least) {
        if (days < least || days > LONGEST) {
            throw new IllegalArgumentException(Messages.Issuer_days(field, least, LONGEST));
        }
        return days;
    }
}
