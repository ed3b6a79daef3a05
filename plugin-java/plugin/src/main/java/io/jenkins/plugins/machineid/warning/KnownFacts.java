// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.lease.SeenServer;
import java.util.ArrayList;
import java.util.List;

/** Gathers what this controller knows. Asks no agent and waits for nothing. */
final class KnownFacts {
    private KnownFacts() {}

    static Facts now() {
        List<Facts.Server> clusters = new ArrayList<>();
        for (Cluster cluster : MachineIdConfiguration.get().getClusters()) {
            SeenServer.of(cluster).ifPresent(seen -> clusters.add(new Facts.Server(cluster.getName(), seen.version(), null)));
        }
        KeyNews.News news = KeyNews.latest();
        return new Facts(List.of(), clusters, List.of(), news.keys(), news.holders());
    }
}
