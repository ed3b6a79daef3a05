// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.output.Output;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONObject;

/** What is asked of the library, in a form that survives a restart of the controller. No secrets. */
final class LeaseRequest implements Serializable {
    private static final long serialVersionUID = 1L;
    /** Longest that a block waits for its lease. */
    static final long DEADLINE_MS = Vocabulary.limit("deadline_default_ms");

    private final String identity;
    private final ArrayList<String> roles;
    private final long ttlSeconds;
    private final ArrayList<String> readers;
    private final String leafCluster;
    private final String outputs;
    /** Null in a build that an older version has saved. */
    private final String tunnels;

    LeaseRequest(Grant grant, LeaseOptions options) {
        this.identity = grant.identity();
        this.roles = new ArrayList<>(grant.roles());
        this.ttlSeconds = grant.ttlSeconds();
        this.readers = new ArrayList<>(Texts.orEmpty(options.readers()));
        this.leafCluster = Texts.orNull(options.leafCluster());
        this.outputs = outputs(options).toString();
        this.tunnels = new JSONArray(options.tunnels() == null ? List.of() : options.tunnels()).toString();
    }

    String identity() {
        return identity;
    }

    List<String> roles() {
        return List.copyOf(roles);
    }

    long ttlSeconds() {
        return ttlSeconds;
    }

    /** What was granted, for the policy to confirm. */
    Grant grant() {
        return new Grant(identity, roles(), ttlSeconds);
    }

    /** What was granted and asked for, to compare certificates with. */
    Allowance allowance(String lease, String agent) {
        Set<String> targets = new HashSet<>();
        for (Object each : outputs()) {
            JSONObject output = (JSONObject) each;
            String type = output.getString("type");
            switch (type) {
                case "kubernetes" -> kubernetes(output).forEach(name -> targets.add(Allowance.target(type, name)));
                case "database" -> targets.add(Allowance.target(type, output.getString("service")));
                case "application" -> targets.add(Allowance.target(type, output.getString("app")));
                default -> targets.add(Allowance.target(type, ""));
            }
        }
        for (Object each : tunnels()) {
            JSONObject tunnel = (JSONObject) each;
            String type = tunnel.getString("type");
            targets.add(Allowance.target(type, tunnel.getString(type.equals("database") ? "service" : "app")));
        }
        return new Allowance(lease, identity, agent, roles(), ttlSeconds, targets);
    }

    JSONArray outputs() {
        return new JSONArray(outputs);
    }

    /** Databases and applications for the block's clients. */
    JSONArray tunnels() {
        return new JSONArray(tunnels == null ? "[]" : tunnels);
    }

    /** The same, each with the port that it had before, if it had one: clients know that. */
    JSONArray tunnels(List<Integer> before) {
        JSONArray again = tunnels();
        for (int at = 0; before != null && at < again.length(); at++) {
            if (before.get(at) != 0) {
                again.getJSONObject(at).put("port", before.get(at));
            }
        }
        return again;
    }

    static List<String> kubernetes(JSONObject output) {
        JSONArray several = output.optJSONArray("kubernetes_clusters");
        return several == null
                ? List.of(output.getString("kubernetes_cluster"))
                : several.toList().stream().map(String::valueOf).toList();
    }

    byte[] json(String lease, String directory, boolean standing, String scope) {
        return json(lease, directory, standing, scope, null, null);
    }

    /**
     * @param ports of the tunnels, where the lease was taken before; null: it wasn't
     * @param share what all leases have of which the same is stated, so that those taken at once may join together; null: none
     */
    byte[] json(
            String lease, String directory, boolean standing, String scope, List<Integer> ports, String share) {
        JSONObject request = new JSONObject();
        request.put("lease", lease);
        request.put("identity", IdentityName.plain(identity));
        if (!roles.isEmpty()) {
            request.put("roles", roles);
        }
        request.put("ttl_seconds", ttlSeconds);
        request.put("directory", directory);
        request.put("standing", standing);
        if (!readers.isEmpty()) {
            request.put("readers", readers);
        }
        request.put("scope", scope);
        if (share != null) {
            request.put("share", share);
        }
        request.put("deadline_ms", DEADLINE_MS);
        if (leafCluster != null) {
            request.put("route_to_cluster", leafCluster);
        }
        request.put("outputs", outputs());
        JSONArray wanted = tunnels(ports);
        if (!wanted.isEmpty()) {
            request.put("tunnels", wanted);
        }
        return request.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static JSONArray outputs(LeaseOptions options) {
        JSONArray array = new JSONArray();
        array.put(new JSONObject().put("type", "identity"));
        if (!Texts.orEmpty(options.kubernetesClusters()).isEmpty()) {
            array.put(new JSONObject(Output.kubernetes(options.kubernetesClusters())));
        }
        if (options.outputs() != null) {
            options.outputs().forEach(output -> array.put(new JSONObject(output.request())));
        }
        return array;
    }
}
