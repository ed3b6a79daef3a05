// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import hudson.Extension;
import hudson.model.Api;
import hudson.model.ManagementLink;
import hudson.security.Permission;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.lease.Tried;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.verb.POST;

/**
 * Manage Jenkins, Machine ID: how clusters, agents and their identities stand, from what agents last said; no agent is asked
 * when it is opened. The same is at {@code api/json} and {@code api/xml} below it. Each way in goes by {@link #getTarget}.
 */
@Extension
public class HealthPage extends ManagementLink implements StaplerProxy {
    @Override
    public String getIconFileName() {
        return "symbol-key";
    }

    @Override
    public String getDisplayName() {
        return Messages.Health_displayName();
    }

    @Override
    public String getDescription() {
        return Messages.Health_description();
    }

    @Override
    public String getUrlName() {
        return "machine-id";
    }

    /** Hides the link only. */
    @Override
    public Permission getRequiredPermission() {
        return Jenkins.SYSTEM_READ;
    }

    @Override
    public Category getCategory() {
        return Category.SECURITY;
    }

    @Override
    public Object getTarget() {
        Jenkins.get().checkPermission(Jenkins.SYSTEM_READ);
        return this;
    }

    public Api getApi() {
        return new Api(getView());
    }

    /** What the present request asks for. */
    public HealthView getView() {
        return new HealthView(Fleet.now(), query(Stapler.getCurrentRequest2()));
    }

    private static Query query(StaplerRequest2 request) {
        return request == null
                ? Query.ALL
                : Query.of(
                        request.getParameter("q"),
                        request.getParameter("state"),
                        request.getParameter("identity"),
                        request.getParameter("cluster"),
                        request.getParameter("sort"),
                        request.getParameter("page"));
    }

    /** Whether the present user may have an agent do something. */
    public boolean isActing() {
        return Jenkins.get().hasPermission(Jenkins.ADMINISTER);
    }

    /** Renews an identity now. */
    @POST
    public HttpResponse doRenew(@QueryParameter String at, @QueryParameter String back) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Outcomes.shown(Actions.on(at).renew(), back);
    }

    /** Has an agent look at the cluster. */
    @POST
    public HttpResponse doTest(@QueryParameter String at, @QueryParameter String back) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Outcomes.shown(Actions.on(at).test(), back);
    }

    /** Drops an identity; the view {@code confirm} has said what that means. */
    @POST
    public HttpResponse doDrop(@QueryParameter String at, @QueryParameter String back) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Outcomes.shown(Actions.on(at).drop(), back);
    }

    /** For the view {@code confirm}. */
    public Drop drop(String at) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return new Drop(Actions.on(at));
    }

    /** What came of the action that has led here; null: none has. */
    public Tried getTried() {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        return request == null ? null : Outcomes.of(request.getParameter("tried"));
    }
}
