// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import hudson.Extension;
import hudson.model.Action;
import hudson.model.Api;
import hudson.model.Computer;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.lease.Believed;
import io.jenkins.plugins.machineid.lease.Tried;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import jenkins.model.Jenkins;
import jenkins.model.TransientActionFactory;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.kohsuke.stapler.verb.POST;

/**
 * An agent's machine identities, on the agent's own page: for whoever may configure this agent, or read the system's
 * configuration. Each way in goes by {@link #getTarget}.
 */
@ExportedBean
public class NodePage implements Action, StaplerProxy {
    private final Computer computer;

    NodePage(Computer computer) {
        this.computer = computer;
    }

    private boolean mayRead() {
        return computer.hasPermission(Computer.CONFIGURE) || Jenkins.get().hasPermission(Jenkins.SYSTEM_READ);
    }

    /** A link for those alone to whom it leads somewhere. */
    @Override
    public String getIconFileName() {
        return mayRead() && report() != null ? "symbol-key" : null;
    }

    @Override
    public String getDisplayName() {
        return Messages.Health_nodeName();
    }

    @Override
    public String getUrlName() {
        return "machine-id";
    }

    @Override
    public Object getTarget() {
        if (!mayRead()) {
            computer.checkPermission(Computer.CONFIGURE);
        }
        return this;
    }

    public Computer getComputer() {
        return computer;
    }

    public Api getApi() {
        return new Api(this);
    }

    /** Whose views are on this page, too. */
    public Object views() {
        return new HealthPage();
    }

    private AgentReport report() {
        return AgentReports.get().of(computer.getName()).orElse(null);
    }

    /** Empty when the agent was never heard of. */
    @Exported
    public List<Row> getRows() {
        Instant now = Instant.now();
        return entries(now).stream()
                .sorted(Order.STATE.comparator())
                .map(entry -> new Row(entry, now))
                .toList();
    }

    /** The clusters as this agent reached them. */
    @Exported
    public List<ClusterSummary> getClusters() {
        Instant now = Instant.now();
        return ClusterSummary.of(entries(now), now);
    }

    private List<Entry> entries(Instant now) {
        Believed believed = Believed.now(computer.getName());
        AgentReport report = believed.reports().get(computer.getName());
        return report == null
                ? List.of()
                : Entry.of(computer.getName(), report, computer.isOnline(), believed, now).toList();
    }

    /** Whether the present user may have the agent do something. */
    public boolean isActing() {
        return Jenkins.get().hasPermission(Jenkins.ADMINISTER);
    }

    /** As {@link HealthPage#doRenew}; always of this agent. */
    @POST
    public HttpResponse doRenew(@QueryParameter String at) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Outcomes.shown(here(at).renew(), "");
    }

    /** As {@link HealthPage#doTest}; always of this agent. */
    @POST
    public HttpResponse doTest(@QueryParameter String at) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Outcomes.shown(here(at).test(), "");
    }

    /** As {@link HealthPage#doDrop}; always of this agent. */
    @POST
    public HttpResponse doDrop(@QueryParameter String at) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return Outcomes.shown(here(at).drop(), "");
    }

    /** For the view {@code confirm}. */
    public Drop drop(String at) {
        Jenkins.get().checkPermission(Jenkins.ADMINISTER);
        return new Drop(here(at));
    }

    private Actions here(String at) {
        return new Actions(Actions.on(at).identity(), computer.getName());
    }

    /** What came of the action that has led here; null: none has. */
    public Tried getTried() {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        return request == null ? null : Outcomes.of(request.getParameter("tried"));
    }

    /** Puts it on the page of each agent. */
    @Extension
    public static class Factory extends TransientActionFactory<Computer> {
        @Override
        public Class<Computer> type() {
            return Computer.class;
        }

        @Override
        public Collection<? extends Action> createFor(Computer target) {
            return List.of(new NodePage(target));
        }
    }
}
