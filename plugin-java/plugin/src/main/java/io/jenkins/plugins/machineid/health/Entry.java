// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.lease.Believed;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.report.IdentityReport;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * An identity on an agent; or an agent without one.
 *
 * @param node name of the agent's node; empty: the built-in one
 * @param identity null: none
 * @param named the identity as it is configured; null: as above
 */
record Entry(
        String node, AgentReport report, IdentityReport identity, Believed.Named named, boolean online, Condition condition) {
    /** Of one agent: one for each identity, or a single one. */
    static Stream<Entry> of(String node, AgentReport report, boolean online, Believed believed, Instant now) {
        List<IdentityReport> identities = report.identities();
        Stream<Entry> all = identities.stream()
                .map(identity -> new Entry(
                        node,
                        report,
                        identity,
                        believed.named(identity),
                        online,
                        Condition.of(report, identity, online, now)));
        Entry own = new Entry(node, report, null, null, online, Condition.of(report, null, online, now));
        // Nothing is known of an engine that has never answered but that.
        return identities.isEmpty() || own.condition() == Condition.SILENT && !isAllSilent(report)
                ? Stream.concat(all, Stream.of(own))
                : all;
    }

    private static boolean isAllSilent(AgentReport report) {
        return report.silence() == null || report.silence().whole();
    }

    /** What the library knows it by; empty: the agent has none. */
    String identityId() {
        return identity == null ? "" : identity.id();
    }

    /** As it is configured, a folder's with its folder; empty: the agent has none. */
    String name() {
        return named == null ? "" : named.name();
    }

    /** As it is configured for the identity; empty: the agent has none. */
    String cluster() {
        return named == null ? "" : named.cluster();
    }

    Instant expiresAt() {
        return identity == null ? null : identity.expiresAt();
    }

    /** Whether any of the texts that are shown is as asked for. */
    boolean says(Predicate<String> wanted) {
        return wanted.test(report.agent())
                || wanted.test(name())
                || wanted.test(cluster())
                || wanted.test(report.problem())
                || wanted.test(report.platform())
                || identity != null && identitySays(wanted);
    }

    private boolean identitySays(Predicate<String> wanted) {
        return wanted.test(identity.bot())
                || wanted.test(identity.reason())
                || identity.failing() != null
                        && (wanted.test(identity.failing().code()) || wanted.test(identity.failing().message()));
    }
}
