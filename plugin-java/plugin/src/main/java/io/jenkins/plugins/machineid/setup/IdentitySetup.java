// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.folder.Defined;
import java.util.List;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** What one identity needs in its cluster, as the page, the REST API and the command show it. */
@ExportedBean(defaultVisibility = 2)
public final class IdentitySetup {
    private final String id;
    private final String cluster;
    private final String method;

    /** Null: something is wrong. */
    private final Plan plan;

    private final String fault;

    private IdentitySetup(Identity identity, Plan plan, String fault) {
        this(identity.getId(), identity.getCluster(), identity.getJoin().symbol(), plan, fault);
    }

    private IdentitySetup(String id, String cluster, String method, Plan plan, String fault) {
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
                : new IdentitySetup(defined.name(), defined.cluster(), Defined.METHOD, null, defined.fault());
    }

    static IdentitySetup of(Plans plans, Identity identity) {
        try {
            return new IdentitySetup(identity, plans.plan(identity), null);
        } catch (IllegalStateException e) {
            return new IdentitySetup(identity, null, e.getMessage());
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
