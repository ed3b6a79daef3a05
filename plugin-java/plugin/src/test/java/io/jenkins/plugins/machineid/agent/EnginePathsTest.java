// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EnginePathsTest {
    private static String insert(String config, String root) {
        return new String(
                EnginePaths.insert(config.getBytes(StandardCharsets.UTF_8), root, new Helper("/h", "ab")), StandardCharsets.UTF_8);
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
    void what_is_no_object_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> insert("[1]", "/a"));
        assertThrows(IllegalArgumentException.class, () -> insert("{}", "/a"));
    }
}
