// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which version a cluster had when somebody last tried it. The controller itself connects to none: this is an agent's
 * word, good for advice alone, and forgotten with the controller's process.
 *
 * @param agent as shown to people
 */
public record SeenServer(TeleportVersion version, String agent, Instant when) {
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
            SEEN.put(key(cluster), new SeenServer(version, agent, Instant.now()));
        });
    }

    /** Of the cluster as it is configured now; empty: not known. */
    public static Optional<SeenServer> of(Cluster cluster) {
        return Optional.ofNullable(SEEN.get(key(cluster)));
    }

    /** That the identity's statements are of a form which a cluster of the seen version doesn't take; empty: nothing is wrong. */
    public static Optional<String> tooOld(Cluster cluster, Identity identity) {
        Optional<StatementForm> form = identity == null ? Optional.empty() : identity.getJoin().statement();
        return form.flatMap(wanted -> of(cluster)
                .filter(seen -> !wanted.isTakenBy(seen.version))
                .map(seen -> seen.tooOld(wanted)));
    }

    private String tooOld(StatementForm wanted) {
        String others = StatementForm.takenBy(version).stream().map(StatementForm::method).collect(Collectors.joining(", "));
        return others.isEmpty()
                ? Messages.Seen_noForm(wanted.method(), wanted.since(), version)
                : Messages.Seen_otherForm(wanted.method(), wanted.since(), version, others);
    }

    /** Another address may lead to another server. */
    private static String key(Cluster cluster) {
        return cluster.getName() + '\n' + cluster.getAddressKind() + '\n' + cluster.getAddress();
    }
}
