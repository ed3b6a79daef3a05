// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import io.jenkins.plugins.machineid.config.Cluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VariablesTest {
    private static final Path LAYOUT =
            Path.of(System.getProperty("machineid.contract", "../../contract")).resolve("layout.json");

    /** The library made the fixture: what it writes where is what we say it is. */
    @Test
    void variables_are_those_of_the_librarys_layout() throws IOException {
        JSONObject layout = new JSONObject(Files.readString(LAYOUT, StandardCharsets.UTF_8));
        Instant expires = Instant.parse(layout.getString("expires_at"));
        JSONArray leases = layout.getJSONArray("leases");
        assertTrue(leases.length() > 5);
        for (int at = 0; at < leases.length(); at++) {
            JSONObject lease = leases.getJSONObject(at);
            Map<String, Object> expected = new TreeMap<>(lease.getJSONObject("environment").toMap());
            String directory = lease.getString("directory");
            Map<String, String> seen =
                    Variables.of(lease.getJSONArray("outputs"), directory, layout.getString("proxy"), expires);
            assertEquals(expected.toString(), seen.toString(), lease.getString("name"));
        }
    }

    @Test
    void variables_of_databases_and_applications_are_those_of_the_librarys_layout() throws IOException {
        JSONObject layout = new JSONObject(Files.readString(LAYOUT, StandardCharsets.UTF_8));
        JSONArray cases = layout.getJSONArray("tunnels");
        assertTrue(cases.length() > 5);
        for (int at = 0; at < cases.length(); at++) {
            JSONObject each = cases.getJSONObject(at);
            Map<String, Object> expected = new TreeMap<>(each.getJSONObject("environment").toMap());
            List<Listener> listeners = new ArrayList<>();
            for (Object opened : each.getJSONArray("opened")) {
                JSONObject listener = (JSONObject) opened;
                listeners.add(new Listener(listener.getString("protocol"), listener.getInt("port"), false));
            }
            Map<String, String> seen = TunnelVariables.of(
                    each.getJSONArray("tunnels"), listeners, each.getString("directory"), layout.getString("lease"));
            assertEquals(expected.toString(), seen.toString(), each.getString("name"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "teleport.example.com,teleport.example.com:443",
        "teleport.example.com:3080,teleport.example.com:3080",
        "[2001:db8::1],[2001:db8::1]:443",
        "[2001:db8::1]:3080,[2001:db8::1]:3080"
    })
    void the_proxy_is_the_configured_one_with_its_port(String address, String expected) {
        assertEquals(expected, Variables.proxy(new Cluster("main", address)));
    }

    @Test
    void the_proxy_of_an_auth_server_is_not_known() {
        Cluster cluster = new Cluster("main", "auth.example.com:3025");
        cluster.setAddressKind("auth");
        assertNull(Variables.proxy(cluster));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "w", "../w", "/a\nb", "/a\u0000b", "/a\u001b[2J", "/a\u202eb", "/a\u2028b", "C:\\w"})
    void a_workspace_whose_path_could_say_something_else_is_refused(String path) {
        String told = assertThrows(AbortException.class, () -> Variables.checked(path)).getMessage();
        assertTrue(told.endsWith("[request_invalid]"), told);
    }

    @Test
    void a_colon_is_refused_only_where_it_separates() throws AbortException {
        Instant now = Instant.EPOCH;
        JSONArray identity = new JSONArray("[{\"type\":\"identity\"}]");
        JSONArray kubernetes = new JSONArray("[{\"type\":\"kubernetes\",\"kubernetes_cluster\":\"prod\"}]");
        assertTrue(Variables.of(identity, "/a:b", null, now).containsKey("MACHINE_ID_DIR"));
        assertThrows(AbortException.class, () -> Variables.of(kubernetes, "/a:b", null, now));
    }
}
