// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import hudson.util.Secret;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.join.BoundKeypairJoin;
import io.jenkins.plugins.machineid.join.GitlabJoin;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

class SecretsTest {
    private final Cluster cluster = new Cluster("main", "teleport.example.com");

    @Test
    void closing_a_configuration_wipes_it() throws Exception {
        Identity identity = new Identity("api", "main");
        EngineConfig config = EngineConfig.open(cluster, identity, null);
        byte[] bytes = config.bytes();
        config.close();
        assertEquals(0, Arrays.hashCode(bytes) - Arrays.hashCode(new byte[bytes.length]));
    }

    @Test
    void a_token_of_any_printable_characters_stays_one_json_text() {
        String token = "a\"b\\c}]{[,:0123456789abcdef";
        BoundKeypairJoin join = new BoundKeypairJoin();
        join.setRegistrationSecret(Secret.fromString(token + "2"));
        SecretJson secrets = new SecretJson();
        JSONObject object = secrets.object(Map.of("token", Secret.fromString(token), "name", "Grüße", "x", join.request(null, null)));
        assertFalse(object.toString().contains("0123456789abcdef"), object.toString());
        JSONObject read = new JSONObject(new String(secrets.bytes(object.toString()), StandardCharsets.UTF_8));
        assertEquals(token, read.getString("token"));
        assertEquals("Grüße", read.getString("name"));
        assertEquals(token + "2", read.getJSONObject("x").getJSONObject("settings").getString("registration_secret"));
    }

    /** What stands for a secret of another configuration, or of none, stays what it is. */
    @Test
    void only_its_own_markers_are_replaced() {
        String strange = "secret-00000000-0000-0000-0000-000000000000";
        SecretJson secrets = new SecretJson();
        JSONObject object = secrets.object(Map.of("a", Secret.fromString("s3cret"), "b", strange, "c", Secret.fromString("")));
        JSONObject read = new JSONObject(new String(secrets.bytes(object.toString()), StandardCharsets.UTF_8));
        assertEquals("s3cret", read.getString("a"));
        assertEquals(strange, read.getString("b"));
        assertEquals("", read.getString("c"));
    }

    @Test
    void the_names_of_tokens_and_settings_are_sent_as_the_contract_says() throws Exception {
        GitlabJoin join = new GitlabJoin();
        join.setTokenName("jenkins");
        join.setVariable("CI_JWT");
        Identity identity = new Identity("ci", "main");
        identity.setJoin(join);
        Binding own = new Binding("ci");
        own.setToken(Secret.fromString("the-agents"));
        for (Binding binding : new Binding[] {null, own}) {
            try (EngineConfig config = EngineConfig.open(cluster, identity, binding)) {
                JSONObject sent = new JSONObject(new String(config.bytes(), StandardCharsets.UTF_8))
                        .getJSONArray("identities").getJSONObject(0).getJSONObject("join");
                assertEquals(
                        Map.of("method", "gitlab", "token", "jenkins", "settings", Map.of("variable", "CI_JWT")),
                        sent.toMap());
            }
        }
    }

    @Test
    void the_key_of_a_configuration_tells_configurations_apart_and_is_no_plain_digest() throws Exception {
        Identity identity = new Identity("api", "main");
        Identity other = new Identity("api", "main");
        TokenJoin join = new TokenJoin();
        join.setTokenFile("/etc/token");
        other.setJoin(join);
        try (EngineConfig first = EngineConfig.open(cluster, identity, null);
                EngineConfig same = EngineConfig.open(cluster, identity, null);
                EngineConfig second = EngineConfig.open(cluster, other, null)) {
            assertEquals(first.key(), same.key());
            assertNotEquals(first.key(), second.key());
        }
    }

    @Test
    void what_a_block_saves_is_a_name_a_place_and_a_grant() throws IOException {
        LeaseOptions options = new LeaseOptions("api", List.of("r"), "1h", List.of("prod"), null, List.of("1000"), null);
        LeaseRequest request = new LeaseRequest(new Grant("api", List.of("r"), 3600), options);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
            objects.writeObject(request);
        }
        String saved = out.toString(StandardCharsets.ISO_8859_1);
        assertFalse(saved.contains("token"), saved);
        assertFalse(saved.contains("Secret"), saved);
    }
}
