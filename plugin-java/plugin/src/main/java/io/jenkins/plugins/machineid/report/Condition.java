// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** How an identity stands on an agent, as far as is known: the worst first. */
public enum Condition {
    /** The cluster refuses it. */
    LOCKED,
    /** It can't be renewed any more: somebody has to bring a fresh token. */
    NEEDS_TOKEN,
    /** Its certificates have expired. */
    EXPIRED,
    /** The library can't be used on the agent. */
    UNAVAILABLE,
    /** It was asked how it stands and hasn't answered, or wasn't heard for long, although it is connected. */
    SILENT,
    /** It serves, but the last try to renew, join or connect has failed. */
    FAILING,
    /** It is well, but a lease of it isn't. */
    LEASE_FAILING,
    /** It can be used. */
    READY,
    /** There is none beside those of leases, each of which joins by itself. */
    EACH_LEASE,
    /** The agent is offline; nothing was wrong when it was heard last that its absence doesn't explain. */
    OFFLINE,
    /** Nothing has used it there yet. */
    UNUSED;

    private static final String LOCKED_CODE = "bot_locked";

    /**
     * @param identity null: the agent has none
     * @param online whether the agent is connected now
     */
    public static Condition of(AgentReport report, IdentityReport identity, boolean online, Instant now) {
        Condition condition = identity == null ? ofAgent(report) : ofIdentity(report, identity, now);
        // What only somebody can mend stays so while the agent is away.
        boolean lasting = condition == LOCKED || condition == NEEDS_TOKEN || condition == UNAVAILABLE;
        if (!online) {
            return lasting ? condition : OFFLINE;
        }
        return !condition.isTrouble() && report.silentSince(identity, now) != null ? SILENT : condition;
    }

    private static Condition ofAgent(AgentReport report) {
        return report.library() == AgentReport.Library.UNAVAILABLE ? UNAVAILABLE : UNUSED;
    }

    private static Condition ofIdentity(AgentReport report, IdentityReport identity, Instant now) {
        String state = identity.state();
        if (state.equals("locked") || isFailing(identity, LOCKED_CODE)) {
            return LOCKED;
        }
        if (state.equals("needs_rejoin")) {
            return NEEDS_TOKEN;
        }
        if (state.equals("expired") || identity.expiresAt() != null && !now.isBefore(identity.expiresAt())) {
            return EXPIRED;
        }
        if (identity.failing() != null) {
            return FAILING;
        }
        List<LeaseReport> leases = report.leasesOf(identity.id());
        if (leases.stream().anyMatch(lease -> !lease.usable() || !lease.problem().isEmpty())) {
            return LEASE_FAILING;
        }
        if (identity.given()) {
            return EACH_LEASE;
        }
        return state.equals("ready") ? READY : UNUSED;
    }

    private static boolean isFailing(IdentityReport identity, String code) {
        return identity.failing() != null && identity.failing().code().equals(code);
    }

    /** As it is written in addresses and replies; never changes once released. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether somebody should look at it. */
    public boolean isTrouble() {
        return compareTo(READY) < 0;
    }
}
