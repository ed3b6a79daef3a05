// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.folder.Defined;
import io.jenkins.plugins.machineid.lease.JoinTrial;
import io.jenkins.plugins.machineid.lease.SeenServer;
import io.jenkins.plugins.machineid.lease.WireForm;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What one identity needs in its cluster, as the page, the REST API and the command show it. */
@ExportedBean(defaultVisibility = 2)
public final class IdentitySetup {
    private static final Logger LOGGER = Logger.getLogger(IdentitySetup.class.getName());

    /** As the page offers them to be tried; any other one can be named. */
    private static final int MOST_JOBS = 50;

    private final Plans plans;
    /** Null: a folder's, with which something is wrong. */
    private final Identity identity;

    private final String id;
    private final String cluster;
    private final String method;

    /** Null: something is wrong. */
    private final Plan plan;

    private final String fault;

    private IdentitySetup(Plans plans, Identity identity, Plan plan, String fault) {
        this(plans, identity, identity.getId(), identity.getCluster(), identity.getJoin().symbol(), plan, fault);
    }

    private IdentitySetup(
            Plans plans, Identity identity, String id, String cluster, String method, Plan plan, String fault) {
        this.plans = plans;
        this.identity = identity;
        this.id = id;
        this.cluster = cluster;
        this.method = method;
        this.plan = plan;
        this.fault = fault;
    }

    /** One that a folder defines. */
    static IdentitySetup of(Plans plans, Defined defined) {
        return defined.fault() == null
                ? of(plans, defined.identity())
                : new IdentitySetup(plans, null, defined.name(), defined.cluster(), Defined.METHOD, null, defined.fault());
    }

    static IdentitySetup of(Plans plans, Identity identity) {
        try {
            return new IdentitySetup(plans, identity, plans.plan(identity), null);
        } catch (IllegalStateException e) {
            return new IdentitySetup(plans, identity, null, e.getMessage());
        } catch (RuntimeException e) {
            // One that can't be shown hides no other.
            LOGGER.log(Level.WARNING, e, () -> "identity " + identity.getId() + " can't be shown");
            return new IdentitySetup(plans, identity, null, Messages.Setup_broken());
        }
    }

    @Exported
    public String getId() {
        return id;
    }

    @Exported
    public String getCluster() {
        return cluster;
    }

    @Exported
    public String getMethod() {
        return method;
    }

    /** Why there is nothing to show; null: there is. */
    @Exported
    public String getFault() {
        return fault;
    }

    /** The first versions of Teleport that take it; null where this isn't told here. */
    @Exported
    public String getSince() {
        return plan == null || plan.signed() == null ? null : plan.signed().form().since();
    }

    /** Teleport's join method that statements are written for; null: there are none, or something is wrong. */
    @Exported
    public String getForm() {
        return plan == null || plan.signed() == null ? null : plan.signed().form().method();
    }

    /** {@link #getForm}, since when it is taken, and what is known of the cluster, for people; null as above. */
    @Exported
    public String getWire() {
        return getForm() == null
                ? null
                : WireForm.sentence(plans.settings().cluster(cluster), plan.signed().form());
    }

    /** The cluster's version when somebody last tried it; null: not known. */
    @Exported
    public String getVersion() {
        return plans.seen(cluster).map(seen -> seen.version().toString()).orElse(null);
    }

    /** {@link #getVersion}, by whom and when, for people. */
    public String getSeen() {
        return plans.seen(cluster).map(IdentitySetup::sentence).orElseGet(Messages::Setup_unseen);
    }

    private static String sentence(SeenServer seen) {
        long minutes = Duration.between(seen.when(), Instant.now()).toMinutes();
        return minutes < 1
                ? Messages.Setup_seenNow(seen.version(), seen.agent())
                : Messages.Setup_seen(seen.version(), Durations.text(minutes * 60), seen.agent());
    }

    /** That the cluster is too old for what is configured; null: it isn't, as far as its version is known. */
    @Exported
    public String getWarning() {
        Cluster known = plans.settings().cluster(cluster);
        return known == null ? null : WireForm.tooOld(known, identity).orElse(null);
    }

    /** Whether a join can be tried without a build. */
    public boolean isTrial() {
        return plan != null && plan.signed() != null && !identity.getJoin().statesAgents();
    }

    /** Why it can't, and what can be done instead; where {@link #isTrial} says so and nothing is wrong. */
    public String getUntried() {
        return identity.getJoin().statesAgents() ? Messages.Setup_untriedAgents() : Messages.Setup_untried();
    }

    /** Names of jobs that it may be tried for. */
    public List<String> getTrialJobs() {
        return Stream.concat(
                        identity.getAllowedJobs().stream().filter(job -> new JobPattern(job).isName()),
                        plan.signed().existing().stream())
                .distinct()
                .limit(MOST_JOBS)
                .toList();
    }

    /** The one that is proposed; may be empty. */
    public String getFirstJob() {
        return getTrialJobs().stream().findFirst().orElse("");
    }

    /** What it means to choose none of {@link #getTrialAgents}. */
    public String getNoAgent() {
        return JoinTrial.choosesAgent(identity) ? Messages.Setup_anyAgent() : Messages.Setup_chooseAgent();
    }

    /** Names of agents that it may be tried on. */
    public List<String> getTrialAgents() {
        return JoinTrial.agents(identity);
    }

    /** Lines for a shell. */
    @Exported
    public String getCommands() {
        return plan == null ? "" : Commands.of(plan);
    }

    /** Roles to begin with, as YAML. */
    @Exported
    public String getRoles() {
        return Yaml.of(roles());
    }

    /** Token resource and bot, as YAML; empty: the commands make them. */
    @Exported
    public String getYaml() {
        return Yaml.of(tokenAndBot());
    }

    /** {@link #getRoles} for Terraform. */
    @Exported
    public String getTerraformRoles() {
        return Hcl.of(roles());
    }

    /** {@link #getYaml} for Terraform. */
    @Exported
    public String getTerraform() {
        return Hcl.of(tokenAndBot());
    }

    private List<Resource> roles() {
        return plan == null ? List.of() : Resources.roles(plan);
    }

    /** A token of method {@code token} is made together with its bot, and is a secret: no resource of it is shown. */
    private List<Resource> tokenAndBot() {
        return plan == null || plan.method().equals("token") ? List.of() : Resources.tokenAndBot(plan);
    }

    /** For the page: what there is, in the order of use. */
    public List<SetupText> getTexts() {
        return List.of(
                        new SetupText(id + "-commands", Messages.Setup_textCommands(), getCommands(), false),
                        new SetupText(id + "-roles", Messages.Setup_textRoles(), getRoles(), false),
                        new SetupText(id + "-resources", Messages.Setup_textResources(), getYaml(), false),
                        new SetupText(id + "-terraform-roles", Messages.Setup_textTerraformRoles(), getTerraformRoles(), true),
                        new SetupText(id + "-terraform", Messages.Setup_textTerraform(), getTerraform(), true))
                .stream()
                .filter(text -> !text.getText().isEmpty())
                .toList();
    }
}
