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

    /** In place of a number of days: no schedule. */
    private static final int NEVER = 0;

    /** Each key has a day before it signs, and one after. */
    private static final int SHORTEST = 2;

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

    /** {@link #NEVER}: by hand alone. Configuration as Code leaves what its YAML doesn't name: so each value can be written. */
    public synchronized int getRotateAfterDays() {
        return rotateAfterDays == null ? NEVER : rotateAfterDays;
    }

    /** @param days null, or {@link #NEVER}: by hand alone */
    @DataBoundSetter
    public synchronized void setRotateAfterDays(Integer days) {
        rotateAfterDays = rotation(days);
        save();
    }

    public synchronized int getAnnounceDays() {
        return announceDays == null ? DEFAULT_ANNOUNCE : announceDays;
    }

    /** @param days null: the default */
    @DataBoundSetter
    public synchronized void setAnnounceDays(Integer days) {
        announceDays = announcement(days);
        save();
    }

    /** The credential that holds the key that signs; empty: it is made here. */
    public synchronized String getCredentialsId() {
        return Texts.orEmpty(credentialsId);
    }

    /** As {@link #getCredentialsId}; null: none. */
    synchronized String signingCredential() {
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

    /** The credential that holds the key that signs later; empty: none. */
    public synchronized String getNextCredentialsId() {
        return Texts.orEmpty(nextCredentialsId);
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

    /** As {@link #getNextCredentialsId}; null: none, or it signs already, which Configuration as Code may leave here. */
    synchronized String announcedCredential() {
        return nextCredentialsId == null || nextCredentialsId.equals(credentialsId) ? null : nextCredentialsId;
    }

    /** How long a key of a credential is published when it signs no more. */
    synchronized Duration announce() {
        return Duration.ofDays(getAnnounceDays());
    }

    synchronized RotationSchedule schedule() {
        return rotateAfterDays == null
                ? RotationSchedule.OFF
                : RotationSchedule.ofDays(rotateAfterDays, getAnnounceDays());
    }

    @Override
    public boolean configure(StaplerRequest2 req, JSONObject json) throws FormException {
        try {
            Integer rotate = rotation(number(json.optString("rotateAfterDays")));
            Integer announce = announcement(number(json.optString("announceDays")));
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
                .check(() -> Checks.formOptional(value, text -> rotation(number(text))));
    }

    @POST
    public FormValidation doCheckAnnounceDays(@QueryParameter String value) {
        return FormAccess.administrator().check(() -> Checks.formOptional(value, text -> announcement(number(text))));
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

    /** Null: nothing is there. What is no number is out of each range. */
    private static Integer number(String text) {
        String digits = Texts.orNull(text);
        if (digits == null) {
            return null;
        }
        try {
            return Integer.valueOf(digits);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static Integer rotation(Integer days) {
        if (days == null || days == NEVER) {
            return null;
        }
        FormFault.field(IssuerConfiguration.class, "rotateAfterDays", () -> {
            if (days < SHORTEST || days > LONGEST) {
                throw new IllegalArgumentException(Messages.Issuer_rotation("rotateAfterDays", SHORTEST, LONGEST, NEVER));
            }
        });
        return days;
    }

    private static Integer announcement(Integer days) {
        if (days == null || days == DEFAULT_ANNOUNCE) {
            return null;
        }
        FormFault.field(IssuerConfiguration.class, "announceDays", () -> {
            if (days < 1 || days > LONGEST) {
                throw new IllegalArgumentException(Messages.Issuer_days("announceDays", 1, LONGEST));
            }
        });
        return days;
    }
}
