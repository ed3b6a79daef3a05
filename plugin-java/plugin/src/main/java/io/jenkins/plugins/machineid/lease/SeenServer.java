// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a cluster said of itself when somebody last tried it. The controller itself connects to none: this is an agent's
 * word, good for advice alone, and forgotten with the controller's process.
 *
 * @param name the cluster's own
 * @param agent as shown to people
 */
public record SeenServer(TeleportVersion version, String name, String agent, Instant when) {
    /** Also addresses that were tried in a form and never saved. */
    private static final int MOST = 200;

    private static final Map<String, SeenServer> SEEN = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, SeenServer> eldest) {
            return size() > MOST;
        }
    });

    /** @param check an agent's reply; one that tells no version changes nothing */
    static void note(Cluster cluster, String agent, Reply check) {
        TeleportVersion.parse(check.text("server_version")).ifPresent(version -> {
            SEEN.remove(key(cluster));
            SEEN.put(key(cluster), new SeenServer(version, check.text("cluster"), agent, Instant.now()));
        });
    }

    /** Of the cluster as it is configured now; empty: not known. */
    public static Optional<SeenServer> of(Cluster cluster) {
        return Optional.ofNullable(SEEN.get(key(cluster)));
    }

    /** Another address may lead to another server. */
    private static String key(Cluster cluster) {
        return cluster.getName() + '\n' + cluster.getAddressKind() + '\n' + cluster.getAddress();
    }
}
