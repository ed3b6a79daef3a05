// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.Extension;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.join.TokenUse;
import java.util.Optional;

/**
 * Token resources of identities that this controller signs for. Each is one identity's: it names one bot, and its rules name
 * the identity, so that what is created for a second one replaces the first one's.
 */
@Extension
public final class SignedTokens extends TokenUse {
    @Override
    protected Optional<String> other(String cluster, String id, String token) {
        Settings settings = MachineIdConfiguration.get().settings();
        return settings.cluster(cluster) == null ? Optional.empty() : other(settings, cluster, id, token);
    }

    /** @throws IllegalArgumentException with a sentence for the reader */
    static void requireOwn(Settings settings, Identity identity) {
        if (identity.getJoin().statement().isPresent()) {
            identity.getJoin()
                    .resource()
                    .flatMap(token -> other(settings, identity.getCluster(), identity.getId(), token))
                    .ifPresent(why -> {
                        throw new IllegalArgumentException(why);
                    });
        }
    }

    private static Optional<String> other(Settings settings, String cluster, String id, String token) {
        String address = address(settings, cluster);
        return settings.identities().stream()
                .filter(each -> !each.getId().equals(id) && each.getJoin().statement().isPresent())
                .filter(each -> each.getJoin().resource().filter(token::equals).isPresent())
                .filter(each -> address(settings, each.getCluster()).equals(address))
                .findFirst()
                .map(each -> Messages.Check_tokenOther(token, each.getId()));
    }

    /** Clusters of two names may be the same one. */
    private static String address(Settings settings, String cluster) {
        Cluster known = settings.cluster(cluster);
        return known == null ? cluster : known.getAddress();
    }
}
