// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.field.Checks;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IdentityNameTest {
    @Test
    void an_administrators_identity_is_called_by_its_id() {
        assertEquals("api", IdentityName.of("", "api"));
        assertEquals("", IdentityName.folder("api"));
        assertEquals("api", IdentityName.id("api"));
        assertEquals("api", IdentityName.plain("api"));
    }

    @Test
    void a_folders_identity_has_the_folder_before_it() {
        String name = IdentityName.of("team/b", "api");
        assertEquals("team/b/api", name);
        assertEquals("team/b", IdentityName.folder(name));
        assertEquals("api", IdentityName.id(name));
    }

    /** Spelled alike, as one is who makes a folder to be taken for another one. */
    @Test
    void where_only_an_id_may_stand_no_two_are_the_same() {
        List<String> names = List.of(
                "team-b/api", "team/b/api", "team/b-api", "team.b/api", "team b/api", "Team-b/api", "-/api", "é/api",
                "x".repeat(200) + "/api", "y".repeat(200) + "/api", "team-b/" + "z".repeat(64),
                "team-b/a" + "-".repeat(63), "team-b/b" + ".".repeat(63));
        Set<String> plain = new HashSet<>();
        for (String name : names) {
            String each = IdentityName.plain(name);
            Checks.id(each);
            assertTrue(plain.add(each), each);
        }
        assertTrue(IdentityName.plain("team-b/api").matches("team-b-api-[0-9a-f]{20}"));
        assertEquals(IdentityName.plain("team-b/api"), IdentityName.plain("team-b/api"));
    }
}
