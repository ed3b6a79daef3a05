// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.report.IdentityReport;
import java.util.HashMap;
import java.util.Map;

/** Which cluster an identity belongs to: the configuration knows, and for others the agent says. */
final class Clusters {
    private final Map<String, String> byIdentity = new HashMap<>();

    Clusters(Settings settings) {
        for (Identity identity : settings.identities()) {
            byIdentity.put(IdentityName.plain(identity.getId()), identity.getCluster());
        }
    }

    String of(IdentityReport identity) {
        String configured = byIdentity.get(identity.id());
        return configured == null ? identity.cluster() : configured;
    }
}
