// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SecretsTest {
    private final Cluster cluster = new Cluster("main", "teleport.example.com");

    @Test
    void closing_a_configuration_wipes_it() {
        Identity identity = new Identity("api", "main");
        EngineConfig config = EngineConfig.open(cluster, identity, null);
        byte[] bytes = config.bytes();
        config.close();
        assertEquals(0, Arrays.hashCode(bytes) - Arrays.hashCode(new byte[bytes.length]));
    }

    @Test
    void a_token_of_any_printable_characters_stays_one_json_text() {
        String token = "a\"b\\c}]{[,:0123456789abcdef";
        String text = "{\"token\":\"MARK\",\"x\":1}";
        String whole = new String(EngineConfig.splice(text, "MARK", token), StandardCharsets.UTF_8);
        assertEquals(token, new org.json.JSONObject(whole).getString("token"));
    }

    @Test
    void the_key_of_a_configuration_tells_configurations_apart_and_is_no_plain_digest() {
        Identity identity = new Identity("api", "main");
        Identity other = new Identity("api", "main");
        other.setTokenFile("/etc/token");
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
