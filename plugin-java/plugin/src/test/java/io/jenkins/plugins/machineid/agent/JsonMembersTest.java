// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JsonMembersTest {
    private static String insert(String config, String root) {
        return new String(
                JsonMembers.paths(config.getBytes(StandardCharsets.UTF_8), root, new Helper("/h", "ab")), StandardCharsets.UTF_8);
    }

    @Test
    void paths_come_first_and_the_rest_is_untouched() {
        assertEquals("{\"root\":\"/a\",\"helper\":\"/h\",\"helper_sha256\":\"ab\",\"abi\":2}", insert("{\"abi\":2}", "/a"));
    }

    @Test
    void a_path_can_hold_anything() {
        assertEquals(
                "{\"root\":\"/a \\\"\\\\\\u000aé/😀\",\"helper\":\"/h\",\"helper_sha256\":\"ab\",\"abi\":2}", insert("{\"abi\":2}", "/a \"\\\né/😀"));
    }

    @Test
    void a_statement_comes_first_and_is_nothing_but_a_jws() {
        byte[] request = "{\"lease\":\"ab\"}".getBytes(StandardCharsets.UTF_8);
        byte[] jws = "eyJ0.e30-_.c2ln".getBytes(StandardCharsets.UTF_8);
        assertEquals(
                "{\"id_token\":\"eyJ0.e30-_.c2ln\",\"lease\":\"ab\"}",
                new String(JsonMembers.statement(request, jws), StandardCharsets.UTF_8));
        for (String other : new String[] {"a\",\"roles\":[\"admin\"],\"x\":\"", "a b", "a\nb", "é"}) {
            byte[] bytes = other.getBytes(StandardCharsets.UTF_8);
            assertThrows(IllegalArgumentException.class, () -> JsonMembers.statement(request, bytes));
        }
    }

    @Test
    void what_is_no_object_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> insert("[1]", "/a"));
        assertThrows(IllegalArgumentException.class, () -> insert("{}", "/a"));
    }
}
