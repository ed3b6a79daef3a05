// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.json.JSONArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A hostile agent tells where a block's clients are to connect to. */
class ListenerAttackTest {
    private static final JSONArray PORT = new JSONArray("[{\"type\":\"database\",\"service\":\"d\",\"port\":0}]");
    private static final JSONArray SOCKET = new JSONArray("[{\"type\":\"database\",\"service\":\"d\"}]");
    private static final JSONArray APPLICATION = new JSONArray("[{\"type\":\"application\",\"app\":\"a\",\"port\":0}]");

    private static List<Listener> read(String tunnels, JSONArray asked) throws NativeFailure {
        byte[] reply = ("{\"ok\":{\"tunnels\":" + tunnels + "}}").getBytes(StandardCharsets.UTF_8);
        return Listener.read(Reply.read(reply), asked);
    }

    private static void refused(String tunnels, JSONArray asked) {
        String told = assertThrows(NativeFailure.class, () -> read(tunnels, asked), tunnels).getMessage();
        assertTrue(told.endsWith("[internal]"), told);
    }

    @Test
    void what_was_asked_for_is_taken() throws NativeFailure {
        for (int port : new int[] {1024, 43210, 65535}) {
            String told = "[{\"protocol\":\"mysql\",\"port\":" + port + "}]";
            assertEquals(List.of(new Listener("mysql", port, false)), read(told, PORT));
        }
        assertEquals(List.of(new Listener("tcp", 5000, false)), read("[{\"protocol\":\"tcp\",\"port\":5000}]", APPLICATION));
        assertEquals(List.of(), read("[]", new JSONArray()));
        // An older library says nothing of what it wasn't asked for.
        assertEquals(List.of(), Listener.read(Reply.read("{\"ok\":{}}".getBytes(StandardCharsets.UTF_8)), new JSONArray()));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "0", "22", "1023", "65536", "-1", "4294967297", "18446744073709551617", "5432.5", "1e4", "\"5432\"", "null", "true",
        "[5432]", "{}"
    })
    void a_port_that_can_be_none_of_ours_is_refused(String port) {
        refused("[{\"protocol\":\"postgres\",\"port\":" + port + "}]", PORT);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "\"\"", "\"http\"", "\"POSTGRES\"", "\"postgres \"", "\"postgres\\n\"", "\"javascript\"", "null", "1", "[\"postgres\"]"
    })
    void a_protocol_that_no_database_has_is_refused(String protocol) {
        refused("[{\"protocol\":" + protocol + ",\"port\":5432}]", PORT);
        refused("[{\"protocol\":" + protocol + ",\"port\":0}]", SOCKET);
    }

    @Test
    void an_application_speaks_no_databases_protocol() {
        refused("[{\"protocol\":\"postgres\",\"port\":5432}]", APPLICATION);
    }

    @Test
    void neither_more_nor_less_nor_something_else_than_was_asked_for_is_taken() {
        String one = "{\"protocol\":\"postgres\",\"port\":5432}";
        refused("[]", PORT);
        refused("[" + one + "," + one + "]", PORT);
        refused("[" + one + ",7]", new JSONArray(PORT).putAll(PORT));
        refused("{}", PORT);
        // A port where a socket was asked for would be anybody's.
        refused("[" + one + "]", SOCKET);
        refused("[" + one + "," + one + "]", new JSONArray(PORT).putAll(PORT));
        // A block that is resumed knows its port.
        JSONArray before = new JSONArray("[{\"type\":\"database\",\"service\":\"d\",\"port\":5433}]");
        refused("[" + one + "]", before);
    }

    /** A name of a service is its user's, and makes a name of a variable and nothing else. */
    @Test
    void names_make_no_other_variable() {
        JSONArray tunnels = new JSONArray("[{\"type\":\"application\",\"app\":\"../PATH=x\\u00df\\u0130\"}]");
        Map<String, String> variables =
                TunnelVariables.of(tunnels, List.of(new Listener("http", 5000, false)), "/w/d", "0".repeat(32));
        assertEquals(Map.of("MACHINE_ID_APPLICATION____PATH_X__", "http://127.0.0.1:5000"), variables);
    }
}
