// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BinaryOperator;

/** What the versions and authorities of clusters mean for what is configured here. */
final class ClusterCauses {
    /** The newest major version that the table in {@code docs/compatibility.md} was verified with. */
    static final int NEWEST_VERIFIED = 20;

    /** The first major version that is to grant no part of a bot's roles. */
    static final int FIRST_WITHOUT_SUBSETS = 20;

    /** A rotation of an authority has several phases, each with a grace. */
    static final Duration AUTHORITY_SOON = Duration.ofDays(30);

    private ClusterCauses() {}

    static List<Warning> of(List<Facts.Server> seen, List<Facts.Member> members, Instant now) {
        Map<String, Facts.Server> newest = new TreeMap<>();
        Map<String, Facts.Server> first = new TreeMap<>();
        for (Facts.Server server : seen) {
            if (server.version() != null) {
                newest.merge(server.name(), server, BinaryOperator.maxBy(Comparator.comparing(Facts.Server::version)));
            }
            if (server.authorityExpires() != null) {
                first.merge(
                        server.name(), server, BinaryOperator.minBy(Comparator.comparing(Facts.Server::authorityExpires)));
            }
        }
        List<Warning> warnings = new ArrayList<>();
        newest.forEach((cluster, server) -> {
            if (server.version().major() > NEWEST_VERIFIED) {
                String version = server.version().toString();
                warnings.add(Warning.of(
                        Cause.NEWER_CLUSTER,
                        cluster,
                        List.of(version),
                        0,
                        Messages.Warning_newerCluster(cluster, version, NEWEST_VERIFIED, AgentList.name(server.agent())),
                        Places.CLUSTERS));
            }
        });
        first.forEach((cluster, server) -> {
            Instant end = server.authorityExpires().truncatedTo(ChronoUnit.SECONDS);
            if (end.minus(AUTHORITY_SOON).isBefore(now)) {
                warnings.add(Warning.of(
                        Cause.AUTHORITY_EXPIRES,
                        cluster,
                        List.of(end.toString()),
                        0,
                        Messages.Warning_authorityExpires(cluster, end, AgentList.name(server.agent())),
                        Places.CLUSTERS));
            }
        });
        warnings.addAll(subsets(newest, members));
        return warnings;
    }

    private static List<Warning> subsets(Map<String, Facts.Server> clusters, List<Facts.Member> members) {
        Map<String, Map<String, Collection<String>>> concerned = new TreeMap<>();
        for (Facts.Member member : members) {
            Facts.Server cluster = clusters.get(member.cluster());
            if (member.subset()
                    && cluster != null
                    && cluster.version().major() + 1 >= FIRST_WITHOUT_SUBSETS) {
                concerned.computeIfAbsent(member.identity(), unused -> new TreeMap<>())
                        .computeIfAbsent(member.cluster(), unused -> new TreeSet<>())
                        .add(member.agent());
            }
        }
        List<Warning> warnings = new ArrayList<>();
        concerned.forEach((identity, byCluster) -> byCluster.forEach((cluster, agents) -> {
            String version = clusters.get(cluster).version().toString();
            String name = AgentText.line(identity);
            warnings.add(Warning.of(
                    Cause.ROLE_SUBSET,
                    name,
                    List.of(cluster, String.valueOf(clusters.get(cluster).version().major())),
                    agents.size(),
                    Messages.Warning_roleSubset(name, cluster, version, FIRST_WITHOUT_SUBSETS),
                    Places.identity(name)));
        }));
        return warnings;
    }
}
