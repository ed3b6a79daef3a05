// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Node;
import hudson.model.Run;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import io.jenkins.plugins.machineid.credential.CredentialTrouble;
import io.jenkins.plugins.machineid.credential.Credentials;
import io.jenkins.plugins.machineid.credential.HeldSecret;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
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

    private final List<HeldSecret> credentials;

    private EngineConfig(byte[] json, List<HeldSecret> credentials) {
        this.json = json;
        this.credentials = credentials;
    }

    /**
     * What an engine is opened with.
     *
     * @param binding the agent's own token, if it has one and the method takes one; may be null
     * @throws CredentialTrouble also when a credential's provider doesn't answer: it is waited for
     */
    static EngineConfig open(Cluster cluster, Identity identity, Binding binding)
            throws CredentialTrouble, InterruptedException {
        SecretJson secrets = new SecretJson();
        List<HeldSecret> credentials = new ArrayList<>();
        Map<String, Object> join = resolved(
                identity.getJoin()
                        .request(
                                binding == null ? null : binding.ownToken(),
                                binding == null ? null : binding.getTokenFile()),
                credentials);
        for (HeldSecret credential : credentials) {
            credential.require(cluster::checkToken);
        }
        JSONObject entry = entry(cluster, identity.getId(), secrets.object(join));
        limits(entry, identity);
        return new EngineConfig(secrets.bytes(whole(entry)), credentials);
    }

    /**
     * What Test connection sends. No identity comes in here, so that nothing of one can get out but its name and method.
     *
     * @param identityId says which stored state to look at
     */
    static EngineConfig check(Cluster cluster, String identityId, String joinMethod) {
        JSONObject entry = entry(cluster, identityId, new JSONObject().put("method", joinMethod));
        return new EngineConfig(whole(entry).getBytes(StandardCharsets.UTF_8), List.of());
    }

    /** The request with the secrets themselves, also in maps below, in place of the credentials that hold them. */
    private static Map<String, Object> resolved(Map<?, ?> request, List<HeldSecret> credentials)
            throws CredentialTrouble, InterruptedException {
        Map<String, Object> whole = new LinkedHashMap<>();
        for (Map.Entry<?, ?> each : request.entrySet()) {
            Object value = each.getValue();
            if (value instanceof CredentialRef ref) {
                HeldSecret held = Credentials.read(ref);
                credentials.add(held);
                value = held.secret();
            } else if (value instanceof Map<?, ?> map) {
                value = resolved(map, credentials);
            }
            whole.put(String.valueOf(each.getKey()), value);
        }
        return whole;
    }

    /** Told when it is sent: the credentials in it are used then, by the build or, where there is none, by the node. */
    void used(Run<?, ?> run, Node node) {
        credentials.forEach(credential -> credential.used(run, node));
    }

    private static JSONObject entry(Cluster cluster, String id, JSONObject join) {
        return new JSONObject().put("id", IdentityName.plain(id)).put("cluster", cluster(cluster)).put("join", join);
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
