// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

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
 * @param cluster as it is configured for the identity; else as the agent says
 */
record Entry(String node, AgentReport report, IdentityReport identity, boolean online, Condition condition, String cluster) {
    /** Of one agent: one for each identity, or a single one. */
    static Stream<Entry> of(String node, AgentReport report, boolean online, Clusters clusters, Instant now) {
        List<IdentityReport> identities = report.identities();
        if (identities.isEmpty()) {
            return Stream.of(new Entry(node, report, null, online, Condition.of(report, null, online, now), ""));
        }
        return identities.stream()
                .map(identity -> new Entry(
                        node,
                        report,
                        identity,
                        online,
                        Condition.of(report, identity, online, now),
                        clusters.of(identity)));
    }

    /** Empty: the agent has none. */
    String identityId() {
        return identity == null ? "" : identity.id();
    }

    Instant expiresAt() {
        return identity == null ? null : identity.expiresAt();
    }

    /** Whether any of the texts that are shown is as asked for. */
    boolean says(Predicate<String> wanted) {
        return wanted.test(report.agent())
                || wanted.test(identityId())
                || wanted.test(cluster)
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
