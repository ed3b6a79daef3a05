// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.report.IdentityReport;

/** Words for people, and colours for them. */
final class States {
    private States() {}

    static String text(Condition condition) {
        return switch (condition) {
            case LOCKED -> Messages.Health_locked();
            case NEEDS_TOKEN -> Messages.Health_needsToken();
            case EXPIRED -> Messages.Health_expired();
            case UNAVAILABLE -> Messages.Health_unavailable();
            case SILENT -> Messages.Health_silent();
            case FAILING -> Messages.Health_failing();
            case LEASE_FAILING -> Messages.Health_leaseFailing();
            case READY -> Messages.Health_ready();
            case EACH_LEASE -> Messages.Health_eachLease();
            case OFFLINE -> Messages.Health_offline();
            case UNUSED -> Messages.Health_unused();
        };
    }

    /** A class of {@code record.css}. The text says the same: nobody needs to see a colour. */
    static String colour(Condition condition) {
        return switch (condition) {
            case LOCKED, NEEDS_TOKEN, EXPIRED, UNAVAILABLE -> "machine-id-bad";
            case SILENT, FAILING, LEASE_FAILING -> "machine-id-doubtful";
            case READY, EACH_LEASE -> "machine-id-good";
            case OFFLINE, UNUSED -> "machine-id-absent";
        };
    }

    /** How an identity was come by. */
    static String origin(IdentityReport identity) {
        return switch (identity.origin()) {
            case "joined" -> Messages.Health_joined(identity.method());
            case "renewed" -> Messages.Health_renewed(identity.method());
            case "kept" -> Messages.Health_kept(identity.method());
            default -> identity.method();
        };
    }
}
