// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.metrics;

import hudson.Extension;
import io.jenkins.plugins.machineid.audit.AuditField;
import io.jenkins.plugins.machineid.audit.MachineIdEvent;
import io.jenkins.plugins.machineid.audit.MachineIdListener;
import io.jenkins.plugins.machineid.lease.AgentCountObserver;
import io.jenkins.plugins.machineid.lease.LeaseObserver;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/** Counts what happens, for whoever keeps the numbers; where nobody does, nothing is done. */
final class Counting {
    /** Keeps the numbers. Of many threads. */
    interface Sink {
        /** @param word of the metric's list, or the id of an identity; empty where it has none */
        void count(Metric metric, String word, long by);

        void time(Metric metric, Duration took);
    }

    private static final Set<String> CODES = new HashSet<>(Metric.FAILURES.words());
    private static final Set<String> RULES = new HashSet<>(Metric.REFUSALS_BY_RULE.words());

    /** Null: the Metrics plugin isn't there. */
    private static volatile Sink sink;

    private Counting() {}

    static void into(Sink keeper) {
        sink = keeper;
    }

    private static void count(Metric metric, String word, long by) {
        Sink keeper = sink;
        if (keeper != null) {
            keeper.count(metric, word, by);
        }
    }

    private static void count(Metric metric) {
        count(metric, "", 1);
    }

    /** What builds do with identities. */
    @Extension
    public static class OfEvents extends MachineIdListener {
        @Override
        public void onEvent(MachineIdEvent event) {
            switch (event.type()) {
                case SIGNED -> Counting.count(Metric.STATEMENTS_SIGNED);
                case ISSUED -> certificate(Metric.CERTIFICATES_ISSUED, event);
                case RENEWED -> certificate(Metric.CERTIFICATES_RENEWED, event);
                case RELEASED -> Counting.count(Metric.LEASES_RELEASED);
                case REFUSED -> {
                    Counting.count(Metric.REFUSALS);
                    String rule = event.text(AuditField.RULE);
                    if (RULES.contains(rule)) {
                        Counting.count(Metric.REFUSALS_BY_RULE, rule, 1);
                    }
                }
                case LOST -> Counting.count(Metric.EVENTS_MISSED);
            }
        }

        private static void certificate(Metric metric, MachineIdEvent event) {
            Counting.count(metric);
            if (!event.text(AuditField.VIOLATION).isEmpty()) {
                Counting.count(Metric.CERTIFICATES_NOT_GRANTED);
            }
        }

        @Override
        public void onLost(long count) {
            Counting.count(Metric.EVENTS_MISSED, "", count);
        }
    }

    /** What agents have tried. */
    @Extension
    public static class OfAgents extends AgentCountObserver {
        @Override
        public void counted(String identity, Tried what, String code, long by) {
            boolean good = code.equals(OK);
            Metric metric =
                    switch (what) {
                        case JOIN -> good ? Metric.IDENTITY_JOINS : Metric.IDENTITY_JOINS_FAILED;
                        case RENEWAL -> good ? Metric.IDENTITY_RENEWALS : Metric.IDENTITY_RENEWALS_FAILED;
                        case ISSUANCE -> good ? Metric.IDENTITY_ISSUANCES : Metric.IDENTITY_ISSUANCES_FAILED;
                    };
            Counting.count(metric, identity, by);
            if (!good) {
                Counting.count(Metric.AGENT_FAILURES, code, by);
            }
        }
    }

    /** How asking agents for leases ends. */
    @Extension
    public static class OfLeases extends LeaseObserver {
        @Override
        public void done(Work work, Duration took, String code) {
            boolean good = code.equals(OK);
            switch (work) {
                case ACQUIRE -> {
                    Sink keeper = sink;
                    if (good && keeper != null) {
                        keeper.time(Metric.ACQUIRE_DURATION_SECONDS, took);
                    } else if (!good) {
                        Counting.count(Metric.ACQUIRES_FAILED);
                    }
                }
                // It holds certificates already, and is tried again.
                case AGAIN -> {}
                case RENEW -> Counting.count(good ? Metric.RENEWALS : Metric.RENEWALS_FAILED);
                case STANDING -> {
                    if (!good) {
                        Counting.count(Metric.STANDING_FAILED);
                    }
                }
            }
            if (!good && work != Work.AGAIN) {
                Counting.count(Metric.FAILURES, CODES.contains(code) ? code : Metric.OTHER, 1);
            }
        }
    }
}
