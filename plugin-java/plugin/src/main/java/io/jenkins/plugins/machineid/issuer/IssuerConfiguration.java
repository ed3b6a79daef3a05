// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.Extension;
import hudson.ExtensionList;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.credential.CredentialField;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormAccess;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import java.time.Duration;
import jenkins.model.GlobalConfiguration;
import jenkins.model.Jenkins;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.verb.POST;

/** Which credentials hold the signing keys, and when keys made here change by themselves. Nothing of a key is here. */
@Extension
@Symbol("machineIdIssuer")
public class IssuerConfiguration extends GlobalConfiguration {
    private static final int DEFAULT_ANNOUNCE = 14;
    private static final int LONGEST = 3650;

    /** In days; null: by hand alone. */
    private Integer rotateAfterDays;

    /** Null: the default. */
    private Integer announceDays;

    /** Null: the key is made here. */
    private String credentialsId;

    /** Null: none. */
    private String nextCredentialsId;

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

    /** The credential that holds the key that signs; null: it is made here. */
    public synchronized String getCredentialsId() {
        return credentialsId;
    }

    @DataBoundSetter
    public void setCredentialsId(String credentialsId) {
        String id = credential("credentialsId", credentialsId);
        synchronized (this) {
            this.credentialsId = id;
        }
        save();
    }

    /** The credential that holds the key that signs later; null: none. */
    public synchronized String getNextCredentialsId() {
        return nextCredentialsId;
    }

    @DataBoundSetter
    public void setNextCredentialsId(String nextCredentialsId) {
        String id = credential("nextCredentialsId", nextCredentialsId);
        synchronized (this) {
            this.nextCredentialsId = id;
        }
        save();
    }

    /** Whether a credential holds a key that signs, or that is to sign next. */
    public synchronized boolean names(String id) {
        return id.equals(credentialsId) || id.equals(nextCredentialsId);
    }

    /** As {@link #getNextCredentialsId}; null also once it signs: Configuration as Code leaves what it doesn't name. */
    synchronized String announcedCredential() {
        return nextCredentialsId == null || nextCredentialsId.equals(credentialsId) ? null : nextCredentialsId;
    }

    /** How long a key of a credential is published when it signs no more. */
    synchronized Duration announce() {
        return Duration.ofDays(announceDays == null ? DEFAULT_ANNOUNCE : announceDays);
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
            String signing = credential("credentialsId", json.optString("credentialsId"));
            String next = credential("nextCredentialsId", json.optString("nextCredentialsId"));
            setRotateAfterDays(rotate);
            setAnnounceDays(announce);
            setCredentialsId(signing);
            setNextCredentialsId(next);
        } catch (IllegalArgumentException e) {
            throw new FormException(FormFault.page(getDisplayName(), e), "machineIdIssuer");
        }
        return true;
    }

    @POST
    public FormValidation doCheckRotateAfterDays(@QueryParameter String value) {
        return FormAccess.administrator()
                .check(() -> Checks.formOptional(value, text -> number("rotateAfterDays", text, 2)));
    }

    @POST
    public FormValidation doCheckAnnounceDays(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> Checks.formOptional(value, text -> number("announceDays", text, 1)));
    }

    @POST
    public ListBoxModel doFillCredentialsIdItems(@QueryParameter String credentialsId) {
        return FormAccess.administrator()
                .fill(Messages.Credential_none(), credentialsId,
                        () -> CredentialField.choices(credentialsId, true));
    }

    @POST
    public ListBoxModel doFillNextCredentialsIdItems(@QueryParameter String nextCredentialsId) {
        return FormAccess.administrator()
                .fill(Messages.Credential_none(), nextCredentialsId,
                        () -> CredentialField.choices(nextCredentialsId, true));
    }

    @POST
    public FormValidation doCheckCredentialsId(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> key(value));
    }

    @POST
    public FormValidation doCheckNextCredentialsId(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> key(value));
    }

    /** Also whether a key is in it: read once, and waited for as long as a credential is. */
    private static FormValidation key(String value) {
        String id = Texts.orNull(value);
        FormValidation there = CredentialField.check(id, true);
        if (id == null || there.kind == FormValidation.Kind.ERROR) {
            return there;
        }
        try {
            CredentialKey held = CredentialKey.read(id);
            String key = held.key().id();
            return held.isForJobs()
                    ? FormValidation.warning(Messages.Issuer_keyForJobs(key))
                    : FormValidation.ok(Messages.Issuer_keyOk(key));
        } catch (IssuerFailure e) {
            return FormValidation.error(e.getMessage());
        }
    }

    private static String credential(String field, String text) {
        String id = Texts.orNull(text);
        FormFault.field(IssuerConfiguration.class, field, () -> Checks.optional(id, Checks::credential));
        return id;
    }

    private static Integer number(String field, String text, int least) {
        String digits = Texts.orNull(text);
        if (digits == null) {
            return null;
        }
        int days;
        try {
            days = Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            days = -1;
        }
        return days(field, days, least);
    }

    private static Integer days(String field, int days, int least) {
        FormFault.field(IssuerConfiguration.class, field, () -> {
            if (days < least || days > LONGEST) {
                throw new IllegalArgumentException(Messages.Issuer_days(field, least, LONGEST));
            }
        });
        return days;
    }
}
