// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import hudson.Extension;
import hudson.model.AbstractDescribableImpl;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.FormFault;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.List;
import java.util.stream.Stream;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/**
 * An identity that a folder defines for jobs below it. Its join method is that of statements alone: it has no secret, and
 * the statements name the folder's own jobs and the folder, whatever stands here.
 */
public class FolderIdentity extends AbstractDescribableImpl<FolderIdentity> {
    static final String DEFAULT_TTL = Durations.text(Vocabulary.limit("lifetime_default_seconds"));
    private static final String ALL_JOBS = "**";
    /** Each one is matched whenever a job is judged. */
    static final int MOST_PATTERNS = 100;

    private final String id;
    private final String cluster;
    private String form;
    private String tokenName;
    private List<String> roles;
    private String maxTtl;
    private List<String> allowedJobs;

    @DataBoundConstructor
    public FolderIdentity(String id, String cluster) {
        this.id = Texts.orEmpty(id).trim();
        this.cluster = Texts.orEmpty(cluster).trim();
        FormFault.field(FolderIdentity.class, "id", () -> Checks.id(this.id));
        FormFault.field(FolderIdentity.class, "cluster", () -> Identity.requireCluster(this.id, this.cluster));
    }

    public String getId() {
        return id;
    }

    /** Name of the cluster. */
    public String getCluster() {
        return Texts.orEmpty(cluster);
    }

    /** Teleport's join method that statements are written for. */
    public String getForm() {
        return form == null ? StatementForm.CHOSEN.method() : form;
    }

    @DataBoundSetter
    public void setForm(String form) {
        this.form = Texts.unlessDefault(form, StatementForm.CHOSEN.method());
        FormFault.field(FolderIdentity.class, "form", () -> Checks.choice(getForm(), StatementForm.methods(), "form"));
    }

    /** Name of the token resource; null: the name of the bot. */
    public String getTokenName() {
        return tokenName;
    }

    @DataBoundSetter
    public void setTokenName(String tokenName) {
        this.tokenName = Texts.orNull(tokenName);
        FormFault.field(FolderIdentity.class, "tokenName", () -> Checks.optional(this.tokenName, Checks::resourceName));
    }

    public List<String> getRoles() {
        return Texts.orEmpty(roles);
    }

    @DataBoundSetter
    public void setRoles(List<String> roles) {
        this.roles = Texts.words(roles);
        FormFault.field(FolderIdentity.class, "roles", () -> Checks.roles(getRolesText()));
    }

    /** For the form. */
    public String getRolesText() {
        return String.join(", ", Texts.shown(roles));
    }

    public String getMaxTtl() {
        return maxTtl == null ? DEFAULT_TTL : maxTtl;
    }

    @DataBoundSetter
    public void setMaxTtl(String maxTtl) {
        this.maxTtl = Texts.unlessDefault(maxTtl, DEFAULT_TTL);
        FormFault.field(FolderIdentity.class, "maxTtl", () -> Checks.ttl(getMaxTtl()));
    }

    /** Patterns of names as seen from the folder; none: all jobs below it. */
    public List<String> getAllowedJobs() {
        return Texts.orEmpty(allowedJobs);
    }

    @DataBoundSetter
    public void setAllowedJobs(List<String> allowedJobs) {
        this.allowedJobs = Texts.lines(allowedJobs);
        if (getAllowedJobs().size() > MOST_PATTERNS) {
            throw new IllegalArgumentException(Messages.Check_most(getAllowedJobs().size(), MOST_PATTERNS));
        }
        FormFault.field(FolderIdentity.class, "allowedJobs", () -> Checks.jobs(getAllowedJobsText()));
    }

    /** For the form. */
    public String getAllowedJobsText() {
        return String.join("\n", Texts.shown(allowedJobs));
    }

    /** As {@link Defined#weight} counts it; before anything is known of it, and of whatever types. */
    long weight(String folder) {
        List<String> patterns = allowedJobs == null ? List.of(ALL_JOBS) : Texts.shown(allowedJobs);
        long own = Stream.of(id, cluster, form, tokenName, maxTtl)
                .mapToLong(text -> Texts.orEmpty(text).length())
                .sum();
        return own
                + Texts.shown(roles).stream().mapToLong(role -> role.length() + 1).sum()
                + patterns.stream().mapToLong(pattern -> folder.length() + 1 + pattern.length()).sum();
    }

    /** All of it once more: setters keep what they refuse, and a {@code config.xml} holds whatever its sender likes. */
    void check() {
        Checks.id(id);
        Identity.requireCluster(id, getCluster());
        setForm(form);
        setTokenName(tokenName);
        setRoles(roles);
        setMaxTtl(maxTtl);
        setAllowedJobs(allowedJobs);
    }

    /** As the policy and the signing of statements know it: each thing that isn't here is the administrators' to say. */
    Identity in(String folder, Cluster known) {
        JenkinsJoin join = new JenkinsJoin();
        join.setForm(getForm());
        join.setTokenName(tokenName == null ? IdentityName.plain(IdentityName.of(folder, id)) : tokenName);
        Identity identity = Identity.ofFolder(folder, id, known, join);
        identity.setRoles(getRoles());
        identity.setMaxTtl(getMaxTtl());
        List<String> jobs = allowedJobs == null ? List.of(ALL_JOBS) : allowedJobs;
        identity.setAllowedJobs(jobs.stream().map(pattern -> folder + "/" + pattern).toList());
        return identity;
    }

    @Extension
    @Symbol("folderIdentity")
    public static class DescriptorImpl extends FolderIdentityDescriptor {}
}
