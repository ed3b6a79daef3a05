// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.lease.Believed;
import io.jenkins.plugins.machineid.lease.SeenServer;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.report.Failing;
import io.jenkins.plugins.machineid.report.IdentityReport;
import io.jenkins.plugins.machineid.report.Server;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gathers what this controller knows. Asks no agent and waits for nothing. An agent speaks of identities that it may
 * use, and of no others ({@link Believed}). Of what it said before it went away only that counts which somebody has to mend.
 */
final class KnownFacts {
    /** Why the library is of no use on a platform at all. */
    private static final Set<String> PLATFORM = Set.of("native_platform", "native_musl", "native_glibc");

    private static final Set<String> CODES = Set.copyOf(Vocabulary.words("error_codes"));
    private static final String OTHER_CODE = "internal";

    private KnownFacts() {}

    static Facts now() {
        return of(MachineIdConfiguration.get().settings(), KeyNews.latest(), Believed.now(), Instant.now());
    }

    static Facts of(Settings settings, KeyNews.News news, Believed believed, Instant now) {
        List<Facts.Member> members = new ArrayList<>();
        List<Facts.Server> clusters = new ArrayList<>();
        List<Facts.Platform> platforms = new ArrayList<>();
        for (AgentReport report : believed.reports().values()) {
            boolean there = report.heardAt() != null && !report.heardAt().plus(AgentReports.OLD).isBefore(now);
            if (PLATFORM.contains(report.problemCode())) {
                platforms.add(new Facts.Platform(report.agent(), report.platform()));
            }
            Map<String, Server> servers = new HashMap<>();
            for (IdentityReport identity : report.identities()) {
                Believed.Named named = believed.named(identity);
                members.add(member(report, identity, named, there, now));
                if (there && identity.server() != null) {
                    servers.merge(named.cluster(), identity.server(), Server::later);
                }
            }
            servers.forEach((cluster, server) -> clusters.add(server(cluster, report.agent(), server)));
        }
        // What an agent has said in a test counts where it says nothing newer.
        for (Cluster cluster : settings.clusters()) {
            SeenServer.of(cluster)
                    .ifPresent(seen -> clusters.add(new Facts.Server(cluster.getName(), seen.version(), null, seen.agent())));
        }
        return new Facts(members, clusters, platforms, news.keys(), news.holders());
    }

    private static Facts.Member member(AgentReport report, IdentityReport identity, Believed.Named named, boolean there, Instant now) {
        Failing failing = identity.failing();
        String code = failing == null ? "" : CODES.contains(failing.code()) ? failing.code() : OTHER_CODE;
        return new Facts.Member(
                report.agent(),
                named.name(),
                Condition.of(report, identity, there, now),
                code,
                failing == null ? "" : failing.message(),
                failing == null ? null : failing.since(),
                there ? identity.expiresAt() : null,
                identity.renewsAt(),
                named.cluster(),
                report.heardAt(),
                identity.roleSubset());
    }

    private static Facts.Server server(String cluster, String agent, Server seen) {
        TeleportVersion version = TeleportVersion.parse(seen.version()).orElse(null);
        return new Facts.Server(cluster, version, seen.caExpiresAt(), agent);
    }
}
