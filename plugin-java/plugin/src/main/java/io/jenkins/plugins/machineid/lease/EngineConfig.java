// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What the library is opened with for one identity on one agent, as JSON without the agent's own paths.
 *
 * <p>The token is put in as bytes, so that no string of the whole exists; {@link #close} wipes it.
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
     * @param identity null: only the cluster is looked at
     * @param binding the agent's own token, if it has one; may be null
     */
    static EngineConfig of(Cluster cluster, Identity identity, Binding binding) {
        Secret token = null;
        String tokenFile = null;
        if (binding != null && (binding.getToken() != null || binding.getTokenFile() != null)) {
            token = binding.getToken();
            tokenFile = binding.getTokenFile();
        } else if (identity != null) {
            token = identity.getToken();
            tokenFile = identity.getTokenFile();
        }
        JsonObject join = new JsonObject();
        join.add("method", identity == null ? "token" : identity.getJoinMethod());
        String marker = "token-" + UUID.randomUUID();
        if (token != null) {
            join.add("token", marker);
        }
        if (tokenFile != null) {
            join.add("token_file", tokenFile);
        }
        if (identity != null && (identity.getProofVariable() != null || identity.getProofFile() != null)) {
            JsonObject proof = new JsonObject();
            if (identity.getProofVariable() != null) {
                proof.add("variable", identity.getProofVariable());
            } else {
                proof.add("file", identity.getProofFile());
            }
            join.add("proof", proof);
        }
        JsonObject entry = new JsonObject();
        entry.add("id", identity == null ? "check" : identity.getId());
        entry.add("cluster", cluster(cluster));
        entry.add("join", join);
        if (identity != null) {
            limits(entry, identity);
        }
        String text = new JsonObject()
                .add("abi", 1)
                .add("identities", new JsonArray().add(entry))
                .toString();
        return new EngineConfig(splice(text, marker, token == null ? null : token.getPlainText()));
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

    private static JsonObject cluster(Cluster cluster) {
        JsonObject object = new JsonObject();
        object.add("address", cluster.getAddress());
        object.add("kind", cluster.getAddressKind());
        if (!cluster.getCaPins().isEmpty()) {
            object.add("ca_pins", array(cluster.getCaPins()));
        }
        if (cluster.getCaCertificate() != null) {
            object.add("ca_pem", cluster.getCaCertificate());
        }
        return object;
    }

    private static void limits(JsonObject entry, Identity identity) {
        entry.add("key_algorithm", identity.getKeyAlgorithm());
        entry.add("lifetime_seconds", Durations.parse(identity.getLifetime()));
        if (identity.getRenewalInterval() != null) {
            entry.add("renewal_interval_seconds", Durations.parse(identity.getRenewalInterval()));
        }
        if (!identity.getRoles().isEmpty()) {
            entry.add("roles", array(identity.getRoles()));
        }
        entry.add("max_ttl_seconds", Durations.parse(identity.getMaxTtl()));
    }

    static JsonArray array(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(text -> array.add(Json.value(text)));
        return array;
    }

    /** The text as bytes, with the token in place of the marker. */
    static byte[] splice(String text, String marker, CharSequence token) {
        if (token == null) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        int at = text.indexOf(marker);
        byte[] head = text.substring(0, at).getBytes(StandardCharsets.UTF_8);
        byte[] tail = text.substring(at + marker.length()).getBytes(StandardCharsets.UTF_8);
        ByteBuffer plain = StandardCharsets.UTF_8.encode(CharBuffer.wrap(token));
        byte[] escaped = new byte[plain.remaining() * 2];
        int length = 0;
        while (plain.hasRemaining()) {
            byte next = plain.get();
            // The token's own check allows printable ASCII only; these two are special in JSON.
            if (next == '"' || next == '\\') {
                escaped[length++] = '\\';
            }
            escaped[length++] = next;
        }
        Arrays.fill(plain.array(), (byte) 0);
        byte[] whole = Arrays.copyOf(head, head.length + length + tail.length);
        System.arraycopy(escaped, 0, whole, head.length, length);
        System.arraycopy(tail, 0, whole, head.length + length, tail.length);
        Arrays.fill(escaped, (byte) 0);
        return whole;
    }
}
