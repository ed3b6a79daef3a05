// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.output.ApplicationOutput;
import io.jenkins.plugins.machineid.output.Database;
import io.jenkins.plugins.machineid.output.DatabaseOutput;
import io.jenkins.plugins.machineid.output.Tunnels;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** The pairs that the Rust tests read too. */
class ContractTest {
    private static final Path PAIRS = Path.of(System.getProperty("machineid.contract", "../../contract"));

    private static byte[] file(String name) throws IOException {
        Path path = PAIRS.resolve(name);
        assumeTrue(Files.exists(path), () -> "SKIPPED: " + path + " isn't there");
        return Files.readAllBytes(path);
    }

    private static JSONObject json(String name) throws IOException {
        return new JSONObject(new String(file(name), StandardCharsets.UTF_8));
    }

    @Test
    void every_reply_is_read_as_success_or_as_a_failure_with_a_code() throws IOException {
        assumeTrue(Files.isDirectory(PAIRS));
        List<Path> replies;
        try (Stream<Path> files = Files.list(PAIRS)) {
            replies = files.filter(path -> path.toString().endsWith(".reply.json")).toList();
        }
        for (Path path : replies) {
            boolean failed = path.getFileName().toString().startsWith("error-")
                    || path.getFileName().toString().contains("invalid");
            try {
                Reply.read(Files.readAllBytes(path));
                assertFalse(failed, path.toString());
            } catch (NativeFailure failure) {
                assertTrue(failed, path + ": " + failure.getMessage());
                assertFalse(failure.code().equals("internal"), path.toString());
            }
        }
    }

    @Test
    void an_acquire_is_written_as_the_pair_says() throws IOException {
        JSONObject expected = json("acquire.request.json");
        DatabaseOutput database = new DatabaseOutput("pg");
        database.setUsername("app");
        database.setDatabase("app");
        database.setFormat("tls");
        ApplicationOutput application = new ApplicationOutput("grafana");
        application.setSpecificTlsNaming(true);
        LeaseOptions options = new LeaseOptions(
                "api", null, null, List.of("prod"), List.of(database, application), List.of("1000", "ci"), "leaf.example.com");
        LeaseRequest request = new LeaseRequest(new Grant("api", List.of("api-workers"), 1800), options);
        byte[] json = request.json(
                expected.getString("lease"),
                expected.getString("directory"),
                false,
                expected.getString("scope"));
        JSONObject actual = new JSONObject(new String(json, StandardCharsets.UTF_8));
        // The deadline is the plugin's own choice.
        expected.put("deadline_ms", actual.get("deadline_ms"));
        assertEquals(expected.toMap(), actual.toMap());
    }

    @Test
    void several_kubernetes_clusters_are_one_output_as_the_pair_says() throws IOException {
        JSONObject expected = json("acquire-kubernetes.request.json");
        LeaseOptions options =
                new LeaseOptions("api", null, null, List.of("prod", "eu/staging 1"), null, null, null);
        LeaseRequest request = new LeaseRequest(new Grant("api", List.of("api-workers"), 1800), options);
        byte[] json = request.json(
                expected.getString("lease"),
                expected.getString("directory"),
                false,
                expected.getString("scope"));
        JSONObject actual = new JSONObject(new String(json, StandardCharsets.UTF_8));
        expected.put("deadline_ms", actual.get("deadline_ms"));
        assertEquals(expected.toMap(), actual.toMap());
    }

    @Test
    void databases_and_applications_are_written_as_the_pair_says() throws IOException {
        JSONObject expected = json("acquire-tunnels.request.json");
        LeaseOptions options = new LeaseOptions(
                "api",
                null,
                null,
                null,
                null,
                Tunnels.requests(List.of(new Database("orders", "ci", "orders")), List.of("grafana"), true),
                null,
                null);
        LeaseRequest request = new LeaseRequest(new Grant("api", List.of("api-workers"), 1800), options);
        expected.put("deadline_ms", (int) LeaseRequest.DEADLINE_MS);
        assertEquals(expected.toMap(), tunnels(expected, request, null).toMap());

        // A lease that is taken again has the ports that its block knows.
        List<Integer> before = List.of(40001, 40002);
        expected.getJSONArray("tunnels").getJSONObject(0).put("port", 40001);
        expected.getJSONArray("tunnels").getJSONObject(1).put("port", 40002);
        assertEquals(expected.toMap(), tunnels(expected, request, before).toMap());
        assertTrue(request.allowance("l", "a").targets().contains("database orders"));
        assertTrue(request.allowance("l", "a").targets().contains("application grafana"));
    }

    private static JSONObject tunnels(JSONObject as, LeaseRequest request, List<Integer> before) {
        byte[] json = request.json(
                as.getString("lease"), as.getString("directory"), false, as.getString("scope"), before, null);
        return new JSONObject(new String(json, StandardCharsets.UTF_8));
    }

    @Test
    void an_acquire_reply_tells_where_its_tunnels_begin() throws IOException {
        JSONArray asked = new JSONArray("[{\"type\":\"database\"},{\"type\":\"application\",\"port\":0}]");
        List<Listener> listeners = Listener.read(Reply.read(file("acquire.reply.json")), asked);
        assertEquals(List.of(new Listener("postgres", 0, false), new Listener("http", 43210, false)), listeners);
    }

    @Test
    void an_acquire_reply_gives_an_end_and_certificates() throws IOException {
        Reply reply = Reply.read(file("acquire.reply.json"));
        assertNotNull(reply.time("expires_at"));
        Reply certificate = reply.objects("certificates").get(0);
        for (String key : List.of("kind", "output", "key_id", "serial", "fingerprint", "valid_from", "valid_until")) {
            assertFalse(certificate.text(key).isEmpty(), key);
        }
        assertFalse(certificate.texts("roles").isEmpty());
    }

    @Test
    void a_configuration_has_only_keys_of_the_pair() throws Exception {
        JSONObject pair = json("open.request.json");
        Cluster cluster = new Cluster("main", "teleport.example.com:443");
        cluster.setCaPins(List.of("sha256:" + "1".repeat(64)));
        cluster.setCaCertificate("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
        cluster.setUseConfiguredAddress(true);
        Identity identity = new Identity("api", "main");
        identity.setRoles(List.of("api-workers"));
        identity.setKeyAlgorithm("rsa-2048");
        identity.setRenewalInterval("20m");
        identity.setMaxTtl("2h");
        try (EngineConfig config = EngineConfig.open(cluster, identity, null)) {
            JSONObject actual = new JSONObject(new String(config.bytes(), StandardCharsets.UTF_8));
            assertTrue(pair.keySet().containsAll(actual.keySet()), actual.keySet().toString());
            JSONObject mine = actual.getJSONArray("identities").getJSONObject(0);
            JSONObject theirs = pair.getJSONArray("identities").getJSONObject(0);
            assertEquals(keys(theirs), keys(mine));
            assertEquals(keys(theirs.getJSONObject("cluster")), keys(mine.getJSONObject("cluster")));
            for (String name : List.of("key_algorithm", "lifetime_seconds", "renewal_interval_seconds", "roles", "max_ttl_seconds")) {
                assertEquals(theirs.get(name).toString(), mine.get(name).toString(), name);
            }
        }
    }

    @Test
    void a_status_reply_tells_the_leases() throws IOException {
        Reply reply = Reply.read(file("status.reply.json"));
        assertEquals(32, reply.objects("leases").get(0).text("lease").length());
    }

    @Test
    void a_check_reply_is_described_a_line_for_each_thing() throws IOException {
        List<String> lines = ConnectionTest.describe("a1", Reply.read(file("check.reply.json")));
        assertTrue(lines.get(0).contains("a1") && lines.get(0).contains("example.test"), lines.toString());
        assertTrue(lines.get(0).contains("15.0.0"), lines.toString());
        assertTrue(lines.size() > 2 && lines.stream().allMatch(line -> line.length() < 160), lines.toString());
    }

    private static Set<String> keys(JSONObject object) {
        return new TreeSet<>(object.keySet());
    }
}
