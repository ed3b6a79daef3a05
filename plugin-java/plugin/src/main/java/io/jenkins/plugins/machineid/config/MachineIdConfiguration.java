// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.BulkChange;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.field.Entries;
import io.jenkins.plugins.machineid.field.FormFault;
import java.util.List;
import java.util.function.UnaryOperator;
import jenkins.model.GlobalConfiguration;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.StaplerRequest2;

/** Clusters and identities: the section of the system configuration. */
@Extension
@Symbol("machineId")
public class MachineIdConfiguration extends GlobalConfiguration {
    /** Exchanged as a whole. Saved; null: nothing is configured. */
    private volatile Settings settings;

    /** Whether events are not written to the log on the controller. Saved. */
    private volatile boolean auditLogOff;

    /** What one thread has set so far in a bulk change: Configuration as Code sets list by list, and commits. */
    private final transient ThreadLocal<Draft> draft = new ThreadLocal<>();

    /** @param change the bulk change that it belongs to; what another one left behind is nobody's */
    private record Draft(Object change, Settings settings) {}

    public MachineIdConfiguration() {
        load();
    }

    public static MachineIdConfiguration get() {
        return ExtensionList.lookupSingleton(MachineIdConfiguration.class);
    }

    @Override
    public String getDisplayName() {
        return Messages.Configuration_displayName();
    }

    /** All at one moment: whoever needs more than one thing takes this once. */
    public Settings settings() {
        Settings now = settings;
        return now == null ? Settings.NONE : now;
    }

    public List<Cluster> getClusters() {
        return settings().clusters();
    }

    @DataBoundSetter
    public void setClusters(List<Cluster> clusters) {
        change(before -> before.with(clusters));
    }

    public List<Identity> getIdentities() {
        return settings().identities();
    }

    @DataBoundSetter
    public void setIdentities(List<Identity> identities) {
        change(before -> before.withIdentities(identities));
    }

    /** Whether what builds do with identities is written to a log on the controller. */
    public boolean isAuditLog() {
        return !auditLogOff;
    }

    @DataBoundSetter
    public void setAuditLog(boolean auditLog) {
        auditLogOff = !auditLog;
        save();
    }

    /** Null when there is none of that name. */
    public Cluster cluster(String name) {
        return settings().cluster(name);
    }

    /** Null when there is none of that id. */
    public Identity identity(String id) {
        return settings().identity(id);
    }

    public Policy policy() {
        return settings().policy();
    }

    /** One change of both lists. */
    void replace(List<Cluster> clusters, List<Identity> identities) {
        change(before -> new Settings(clusters, identities));
    }

    private void change(UnaryOperator<Settings> edit) {
        Object bulk = bulkChange();
        if (bulk == null) {
            draft.remove();
            synchronized (this) {
                settings = edit.apply(settings()).checked();
            }
            save();
            return;
        }
        Draft begun = draft.get();
        Settings base = begun != null && begun.change() == bulk ? begun.settings() : settings();
        draft.set(new Draft(bulk, edit.apply(base)));
    }

    /** The bulk change that this thread is making of this object; null: none. */
    Object bulkChange() {
        return BulkChange.contains(this) ? BulkChange.current() : null;
    }

    /** What is saved is what holds: also what a script changed inside of an identity. */
    @Override
    public void save() {
        if (bulkChange() != null) {
            return;
        }
        Draft done = draft.get();
        draft.remove();
        synchronized (this) {
            Settings next = done == null ? settings() : done.settings();
            settings = new Settings(next.clusters(), next.identities()).checked();
        }
        super.save();
    }

    @Override
    public boolean configure(StaplerRequest2 req, JSONObject json) throws FormException {
        boolean off = !json.optBoolean("auditLog", isAuditLog());
        try {
            // A form whose last entry was removed sends no key at all for the list: an empty one.
            replace(
                    Entries.bind(req, Cluster.class, json.get("clusters"), Messages.Cluster_displayName(), "name"),
                    Entries.bind(req, Identity.class, json.get("identities"), Messages.Identity_displayName(), "id"));
        } catch (RuntimeException | LinkageError e) {
            throw new FormException(FormFault.page(getDisplayName(), e), "machineId");
        }
        if (off != auditLogOff) {
            setAuditLog(!off);
        }
        return true;
    }
}
