// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.agent.Service;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.report.Failing;
import io.jenkins.plugins.machineid.report.LeaseReport;
import io.jenkins.plugins.machineid.report.Server;
import io.jenkins.plugins.machineid.report.Silence;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** An identity on an agent as it is shown; or an agent without one. Times are RFC 3339 in UTC, null where there is none. */
@ExportedBean(defaultVisibility = 2)
public final class Row {
    private final Entry entry;
    private final Instant now;

    Row(Entry entry, Instant now) {
        this.entry = entry;
        this.now = now;
    }

    /** As shown to people. */
    @Exported
    public String getAgent() {
        return entry.report().agent();
    }

    /** Name of the node; empty: the built-in one. */
    @Exported
    public String getNode() {
        return entry.node();
    }

    @Exported
    public boolean isOnline() {
        return entry.online();
    }

    /** As it is configured, a folder's with its folder; null: the agent has none. */
    @Exported
    public String getIdentity() {
        return orNull(entry.name());
    }

    @Exported
    public String getCluster() {
        return orNull(entry.cluster());
    }

    /** One of the words of {@link Condition}. */
    @Exported
    public String getState() {
        return entry.condition().word();
    }

    public String getStateText() {
        return States.text(entry.condition());
    }

    /** A CSS class. */
    public String getColour() {
        return States.colour(entry.condition());
    }

    @Exported
    public String getBot() {
        return entry.identity() == null ? null : orNull(entry.identity().bot());
    }

    /** The library's join method. */
    @Exported
    public String getMethod() {
        return entry.identity() == null ? null : orNull(entry.identity().method());
    }

    /** How it was come by; null: not used since the agent came online. */
    @Exported
    public String getOrigin() {
        return entry.identity() == null ? null : orNull(entry.identity().origin());
    }

    public String getOriginText() {
        return entry.identity() == null ? "" : States.origin(entry.identity());
    }

    @Exported
    public Long getGeneration() {
        return entry.identity() == null || entry.identity().generation() == 0 ? null : entry.identity().generation();
    }

    @Exported
    public String getExpiresAt() {
        return Ages.time(entry.expiresAt());
    }

    public String getExpires() {
        return Ages.until(entry.expiresAt(), now);
    }

    @Exported
    public String getRenewsAt() {
        return entry.identity() == null ? null : Ages.time(entry.identity().renewsAt());
    }

    public String getRenews() {
        return entry.identity() == null ? "" : Ages.until(entry.identity().renewsAt(), now);
    }

    /** Whether it is connected to the auth server, as far as is known. */
    @Exported
    public boolean isConnected() {
        return entry.identity() != null && entry.identity().connected();
    }

    /** Whether a role was asked for that isn't all that the bot may take. */
    @Exported
    public boolean isRoleSubset() {
        return entry.identity() != null && entry.identity().roleSubset();
    }

    /** What is wrong, or worth knowing; null: nothing. */
    @Exported
    public String getProblem() {
        if (entry.condition() == Condition.SILENT) {
            Silence silence = entry.report().silence();
            return silence == null ? Messages.Health_notHeard() : silence.why();
        }
        if (failing() != null && !failing().message().isEmpty()) {
            return failing().message();
        }
        if (entry.identity() != null && !entry.identity().reason().isEmpty()) {
            return entry.identity().reason();
        }
        if (entry.condition() == Condition.LEASE_FAILING) {
            return leases().stream()
                    .map(LeaseReport::problem)
                    .filter(problem -> !problem.isEmpty())
                    .findFirst()
                    .orElse(Messages.Health_leaseUnusable());
        }
        return orNull(entry.report().problem());
    }

    /** Code of the last failure, until a success. */
    @Exported
    public String getCode() {
        return failing() == null ? orNull(entry.report().problemCode()) : orNull(failing().code());
    }

    /** What to do about it. */
    @Exported
    public String getHint() {
        return failing() == null ? null : orNull(failing().hint());
    }

    @Exported
    public String getSince() {
        return Ages.time(since());
    }

    public String getSinceText() {
        return Ages.ago(since(), now);
    }

    private Instant since() {
        if (entry.condition() == Condition.SILENT) {
            return entry.report().silentSince(entry.identity(), now);
        }
        return failing() == null ? null : failing().since();
    }

    /** Leases that it has now. */
    @Exported
    public int getLeases() {
        return leases().size();
    }

    /** Those of them that can't be used. */
    @Exported
    public int getUnusableLeases() {
        return (int) leases().stream().filter(lease -> !lease.usable()).count();
    }

    /** The library's; null: not told. */
    @Exported
    public String getVersion() {
        return orNull(entry.report().version());
    }

    @Exported
    public String getPlatform() {
        return orNull(entry.report().platform());
    }

    /** How the library's work is done there: {@code library} or {@code child process}; null: not told. */
    @Exported
    public String getService() {
        return entry.report().served() == null ? null : entry.report().served().word();
    }

    /** The same for people, where it isn't the usual way, with the reason. */
    public String getServiceText() {
        Service served = entry.report().served();
        if (served == null || !served.child()) {
            return null;
        }
        return served.because() == null
                ? Messages.Health_child()
                : Messages.Health_childBecause(served.because().name().toLowerCase(Locale.ROOT));
    }

    /** Where the agent reached the cluster. */
    @Exported
    public String getAddress() {
        return server() == null ? null : orNull(server().address());
    }

    @Exported
    public String getServerVersion() {
        return server() == null ? null : orNull(server().version());
    }

    /** Seconds: the cluster's clock minus the agent's; null: not told. */
    @Exported
    public Long getClockDifference() {
        return server() == null ? null : server().clockDifference();
    }

    /** End of the cluster's host CA. */
    @Exported
    public String getCaExpiresAt() {
        return server() == null ? null : Ages.time(server().caExpiresAt());
    }

    /** When the agent last answered. */
    @Exported
    public String getHeardAt() {
        return Ages.time(entry.report().heardAt());
    }

    public String getHeard() {
        return Ages.ago(entry.report().heardAt(), now);
    }

    /** When it last said something new. */
    @Exported
    public String getChangedAt() {
        return Ages.time(entry.report().changedAt());
    }

    /** What an action is asked for: no id of an identity has a slash. */
    public String getKey() {
        return entry.identityId() + "/" + entry.node();
    }

    /** Of the agent's page of this, below Jenkins' own address. */
    public String getAgentUrl() {
        return "computer/" + (entry.node().isEmpty() ? "(built-in)" : Urls.part(entry.node())) + "/machine-id/";
    }

    /** Whether the agent can be asked to look at the cluster. */
    public boolean isTestable() {
        return entry.online() && entry.identity() != null;
    }

    /** Whether there is something to be renewed or dropped. */
    public boolean isHeld() {
        return isTestable() && !entry.identity().given();
    }

    private Failing failing() {
        return entry.identity() == null ? null : entry.identity().failing();
    }

    private Server server() {
        return entry.identity() == null ? null : entry.identity().server();
    }

    private List<LeaseReport> leases() {
        return entry.identity() == null ? List.of() : entry.report().leasesOf(entry.identityId());
    }

    private static String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
