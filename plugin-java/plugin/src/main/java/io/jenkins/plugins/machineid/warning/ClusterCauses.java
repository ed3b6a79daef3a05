// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.report.Voices;
import io.jenkins.plugins.machineid.report.Voices.Voice;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the versions and authorities of clusters mean for what is configured here. Of each cluster that counts which most agents
 * tell: what one of them makes up neither makes an alarm nor hides one.
 */
final class ClusterCauses {
    /** The newest major version that the table in {@code docs/compatibility.md} was verified with. */
    static final int NEWEST_VERIFIED = 20;

    /** The first major version that is to grant no part of a bot's roles. */
    static final int FIRST_WITHOUT_SUBSETS = 20;

    /** A rotation of an authority has several phases, each with a grace. */
    static final Duration AUTHORITY_SOON = Duration.ofDays(30);

    private ClusterCauses() {}

    static List<Warning> of(List<Facts.Server> seen, List<Facts.Member> members, Instant now) {
        Map<String, List<Facts.Server>> clusters = new TreeMap<>();
        seen.forEach(server -> clusters.computeIfAbsent(server.name(), unused -> new ArrayList<>()).add(server));
        Map<String, TeleportVersion> versions = new TreeMap<>();
        List<Warning> warnings = new ArrayList<>();
        clusters.forEach((cluster, servers) -> version(servers).ifPresent(version -> {
            versions.put(cluster, version.value());
            if (version.value().major() > NEWEST_VERIFIED) {
                warnings.add(newer(cluster, version));
            }
        }));
        clusters.forEach((cluster, servers) -> authority(servers).ifPresent(end -> {
            if (end.value().minus(AUTHORITY_SOON).isBefore(now)) {
                warnings.add(Warning.of(
                        Cause.AUTHORITY_EXPIRES,
                        cluster,
                        List.of(end.value().toString()),
                        List.of(),
                        Messages.Warning_authorityExpires(cluster, end.value(), AgentList.of(end.agents())),
                        Places.CLUSTERS));
            }
        }));
        warnings.addAll(subsets(versions, members));
        return warnings;
    }

    private static Warning newer(String cluster, Voice<TeleportVersion> version) {
        return Warning.of(
                Cause.NEWER_CLUSTER,
                cluster,
                // A patch changes nothing of what this means.
                List.of(String.valueOf(version.value().major())),
                List.of(),
                Messages.Warning_newerCluster(
                        cluster, version.value().toString(), NEWEST_VERIFIED, AgentList.of(version.agents())),
                Places.CLUSTERS);
    }

    /** Of the major version that most agents tell, the version that most of these do; the newest, if as many tell it. */
    private static Optional<Voice<TeleportVersion>> version(List<Facts.Server> servers) {
        Voices<Integer> majors = new Voices<>(Comparator.reverseOrder());
        Voices<TeleportVersion> versions = new Voices<>(Comparator.reverseOrder());
        servers.stream()
                .filter(server -> server.version() != null)
                .forEach(server -> majors.add(server.agent(), server.version().major()));
        majors.most().ifPresent(major -> servers.stream()
                .filter(server -> server.version() != null && server.version().major() == major.value())
                .forEach(server -> versions.add(server.agent(), server.version())));
        return versions.most();
    }

    /** The end that most agents tell; the first, if as many tell it. */
    private static Optional<Voice<Instant>> authority(List<Facts.Server> servers) {
        Voices<Instant> ends = new Voices<>(Comparator.naturalOrder());
        servers.stream()
                .filter(server -> server.authorityExpires() != null)
                .forEach(server -> ends.add(server.agent(), server.authorityExpires().truncatedTo(ChronoUnit.SECONDS)));
        return ends.most();
    }

    private static List<Warning> subsets(Map<String, TeleportVersion> clusters, List<Facts.Member> members) {
        Map<String, Map<String, Collection<String>>> concerned = new TreeMap<>();
        for (Facts.Member member : members) {
            TeleportVersion cluster = clusters.get(member.cluster());
            if (member.subset()
                    && cluster != null
                    && cluster.major() + 1 >= FIRST_WITHOUT_SUBSETS) {
                concerned.computeIfAbsent(member.identity(), unused -> new TreeMap<>())
                        .computeIfAbsent(member.cluster(), unused -> new TreeSet<>())
                        .add(member.agent());
            }
        }
        List<Warning> warnings = new ArrayList<>();
        concerned.forEach((identity, byCluster) -> byCluster.forEach((cluster, agents) -> {
            String version = clusters.get(cluster).toString();
            String name = AgentText.line(identity);
            warnings.add(Warning.of(
                    Cause.ROLE_SUBSET,
                    name,
                    List.of(cluster, String.valueOf(clusters.get(cluster).major())),
                    agents,
                    Messages.Warning_roleSubset(name, cluster, version, FIRST_WITHOUT_SUBSETS),
                    Places.identity(name)));
        }));
        return warnings;
    }
}
