// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import hudson.Extension;
import hudson.model.Api;
import hudson.model.Failure;
import hudson.model.ManagementLink;
import hudson.security.Permission;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.folder.Defined;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.issuer.IssuerFailure;
import io.jenkins.plugins.machineid.issuer.RotationStep;
import io.jenkins.plugins.machineid.issuer.SigningKeys;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.lease.ConnectionTest;
import io.jenkins.plugins.machineid.lease.JoinTrial;
import io.jenkins.plugins.machineid.lease.Tried;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.ForwardToView;
import org.kohsuke.stapler.HttpRedirect;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.kohsuke.stapler.verb.POST;

/**
 * Manage Jenkins, Machine ID: what to create in the clusters, and the controller's keys. Its texts also are at
 * {@code api/json} below it. All of it is for administrators: each way in goes by {@link #getTarget}.
 */
@Extension
@ExportedBean
public class SetupPage extends ManagementLink implements StaplerProxy {
    /** Not in the list of Manage Jenkins: the page of the same name there, which shows how all stands, leads here. */
    @Override
    public String getIconFileName() {
        return null;
    }

    @Override
    public String getDisplayName() {
        return Messages.Setup_displayName();
    }

    @Override
    public String getDescription() {
        return Messages.Setup_description();
    }

    @Override
    public String getUrlName() {
        return "machine-id-setup";
    }

    /** Hides the link only. */
    @Override
    public Permission getRequiredPermission() {
        return Jenkins.ADMINISTER;
    }

    @Override
    public Category getCategory() {
        return Category.SECURITY;
    }

    @Override
    public Object getTarget() {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return this;
    }

    public Api getApi() {
        return new Api(this);
    }

    @Exported
    public List<IdentitySetup> getIdentities() {
        return identities(any -> true);
    }

    /** For the page's table. */
    public List<StatementForm> getForms() {
        return List.of(StatementForm.values());
    }

    @Exported
    public KeysSetup getKeys() {
        return KeysSetup.read(Plans.keyHolders(settings()));
    }

    /** With what folders define that the present user may see. */
    static Settings settings() {
        Settings own = MachineIdConfiguration.get().settings();
        return FolderIdentities.seen(FolderIdentities.everywhere(own), own);
    }

    /**
     * Of the configuration as it is now, and of what folders define that the present user may see.
     *
     * @param wanted by the identity's name: nothing is made of others
     */
    static List<IdentitySetup> identities(Predicate<String> wanted) {
        Settings own = MachineIdConfiguration.get().settings();
        List<Defined> ofFolders = FolderIdentities.everywhere(own);
        Plans plans = Plans.of(FolderIdentities.seen(ofFolders, own));
        return Stream.concat(
                        own.identities().stream()
                                .filter(identity -> wanted.test(identity.getId()))
                                .map(identity -> IdentitySetup.of(plans, identity)),
                        ofFolders.stream()
                                .filter(defined -> wanted.test(defined.name()))
                                .map(defined -> IdentitySetup.of(plans, defined)))
                .toList();
    }

    /**
     * A join as this identity, in earnest. What came of it is shown on the page.
     *
     * @param job full name of one that the identity allows
     * @param agent empty: any that the identity names
     */
    @POST
    public HttpResponse doTry(@QueryParameter String identity, @QueryParameter String job, @QueryParameter String agent) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        Settings settings = settings();
        String name = Texts.orEmpty(job).trim();
        String where = Texts.orEmpty(agent).trim();
        return shown(identity, JoinTrial.run(settings, identity, name, where, "manage/" + getUrlName() + "/"))
                .with("triedJob", name)
                .with("triedAgent", where);
    }

    /** A look at the cluster from an agent of this identity; nobody joins. */
    @POST
    public HttpResponse doLook(@QueryParameter String identity) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        Settings settings = settings();
        Identity known = settings.identity(identity);
        Cluster cluster = known == null ? null : settings.cluster(known.getCluster());
        if (cluster == null) {
            return shown(identity, Tried.warning(known == null
                    ? Messages.Check_identityUnknown(identity)
                    : Messages.Check_clusterUnknown(known.getCluster())));
        }
        return shown(identity, ConnectionTest.look(cluster, known));
    }

    /** @param identity where on the page */
    private ForwardToView shown(String identity, Tried tried) {
        // It may have been removed since the page was opened: then it has no place of its own there.
        boolean gone = identities(name -> name.equals(identity)).isEmpty();
        return new ForwardToView(this, "index")
                .with("tried", tried)
                .with("triedIdentity", identity)
                .with("triedGone", gone);
    }

    /**
     * A step of a rotation, by a button.
     *
     * @param step the one that the page has shown: after a second click it is another one, and refused
     */
    @POST
    public HttpResponse doRotate(@QueryParameter String step) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        RotationStep wished = Arrays.stream(RotationStep.values())
                .filter(each -> each.name().equals(step))
                .findFirst()
                .orElse(null);
        try {
            if (wished != null) {
                SigningKeys.get().rotate(wished);
            }
        } catch (IssuerFailure e) {
            throw new Failure(e.getMessage());
        }
        return new HttpRedirect(".");
    }
}
