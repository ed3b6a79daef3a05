// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * What the library is opened with for one identity on one agent, as JSON without the agent's own paths.
 *
 * <p>Secrets are put in as bytes, so that no string of the whole exists; {@link #close} wipes it.
 */
final class EngineConfig implements AutoCloseable {
    /** A key that holds for this process: a digest of a guessable token must not be of use to an agent. */
    private static final byte[] PROCESS_KEY = new byte[32];

    static {
        new SecureRandom().nextBytes(PROCESS_KEY);
    }

    private final byte[] json;

    private EngineConfig(byte[] json) {
        this.json = json;
    }

    /**
     * What an engine is opened with.
     *
     * @param binding the agent's own token, if it has one and the method takes one; may be null
     */
    static EngineConfig open(Cluster cluster, Identity identity, Binding binding) {
        SecretJson secrets = new SecretJson();
        Map<String, Object> join = identity.getJoin()
                .request(binding == null ? null : binding.getToken(), binding == null ? null : binding.getTokenFile());
        JSONObject entry = entry(cluster, identity.getId(), secrets.object(join));
        limits(entry, identity);
        return new EngineConfig(secrets.bytes(whole(entry)));
    }

    /**
     * What Test connection sends. No identity comes in here, so that nothing of one can get out but its name and method.
     *
     * @param identityId says which stored state to look at
     */
    static EngineConfig check(Cluster cluster, String identityId, String joinMethod) {
        JSONObject entry = entry(cluster, identityId, new JSONObject().put("method", joinMethod));
        return new EngineConfig(whole(entry).getBytes(StandardCharsets.UTF_8));
    }

    private static JSONObject entry(Cluster cluster, String id, JSONObject join) {
        return new JSONObject().put("id", id).put("cluster", cluster(cluster)).put("join", join);
    }

    private static String whole(JSONObject entry) {
        return new JSONObject()
                .put("abi", Vocabulary.abi())
                .put("identities", new JSONArray().put(entry))
                .toString();
    }

    /** Stands for the whole configuration, without telling anything of it. */
    String key() {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(PROCESS_KEY, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(json));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The JSON itself; valid until {@link #close}. */
    byte[] bytes() {
        return json;
    }

    @Override
    public void close() {
        Arrays.fill(json, (byte) 0);
    }

    private static JSONObject cluster(Cluster cluster) {
        JSONObject object = new JSONObject();
        object.put("address", cluster.getAddress());
        object.put("kind", cluster.getAddressKind());
        if (!cluster.getCaPins().isEmpty()) {
            object.put("ca_pins", cluster.getCaPins());
        }
        if (cluster.getCaCertificate() != null) {
            object.put("ca_pem", cluster.getCaCertificate());
        }
        if (cluster.isUseConfiguredAddress()) {
            object.put("use_configured_address", true);
        }
        return object;
    }

    private static void limits(JSONObject entry, Identity identity) {
        if (identity.chosenKeyAlgorithm() != null) {
            entry.put("key_algorithm", identity.chosenKeyAlgorithm());
        }
        entry.put("lifetime_seconds", Durations.parse(identity.getLifetime()));
        if (identity.getRenewalInterval() != null) {
            entry.put("renewal_interval_seconds", Durations.parseInterval(identity.getRenewalInterval()));
        }
        if (!identity.getRoles().isEmpty()) {
            entry.put("roles", identity.getRoles());
        }
        entry.put("max_ttl_seconds", Durations.parse(identity.getMaxTtl()));
    }
}
