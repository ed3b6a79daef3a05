// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.access.Wish;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.output.Output;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The arguments of a block, from Pipeline or from a freestyle job's form.
 *
 * @param identity may be null
 * @param roles may be null
 * @param ttl as written; may be null
 * @param kubernetesClusters the current context first; may be null
 * @param outputs may be null
 * @param tunnels as {@link io.jenkins.plugins.machineid.output.Tunnels} makes them; may be null
 * @param readers users that may read the files beside the agent's own; may be null
 * @param leafCluster may be null
 */
public record LeaseOptions(
        String identity,
        List<String> roles,
        String ttl,
        List<String> kubernetesClusters,
        List<Output> outputs,
        List<Map<String, Object>> tunnels,
        List<String> readers,
        String leafCluster) {

    /** The files of an identity, and nothing else. */
    static final LeaseOptions NONE = new LeaseOptions(null, null, null, null, null, null, null);

    /** Files alone. */
    public LeaseOptions(
            String identity,
            List<String> roles,
            String ttl,
            List<String> kubernetesClusters,
            List<Output> outputs,
            List<String> readers,
            String leafCluster) {
        this(identity, roles, ttl, kubernetesClusters, outputs, null, readers, leafCluster);
    }

    /** @throws IllegalArgumentException for what the library would refuse: a freestyle job's form may have kept it */
    Wish wish(String job) {
        Checks.readers(readers);
        Checks.kubernetesClusters(kubernetesClusters);
        Checks.optional(leafCluster, Checks::resource);
        Checks.outputs(outputs == null ? 0 : outputs.size());
        Checks.tunnels(tunnels == null ? 0 : tunnels.size());
        if (tunnels != null && Set.copyOf(tunnels).size() < tunnels.size()) {
            throw new IllegalArgumentException(Messages.Tunnels_twice());
        }
        if (tunnels != null && !tunnels.isEmpty() && Texts.orNull(leafCluster) != null) {
            throw new IllegalArgumentException(Messages.Tunnels_leaf());
        }
        return new Wish(
                job,
                Texts.orEmpty(identity),
                Texts.orEmpty(roles),
                Texts.orNull(ttl) == null ? 0 : Durations.parse(ttl));
    }
}
