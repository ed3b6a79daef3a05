// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterFoldersTest {
    private static Cluster cluster(String... folders) {
        Cluster cluster = new Cluster("main", "teleport.example.com:443");
        cluster.setAllowedFolders(List.of(folders));
        return cluster;
    }

    @Test
    void no_folder_may_unless_an_administrator_says_so() {
        assertFalse(new Cluster("main", "teleport.example.com").allowsFolder("team-b"));
        assertFalse(cluster("").allowsFolder("team-b"));
    }

    @Test
    void a_folder_is_itself_and_stars_are_those_below() {
        assertTrue(cluster("team-b").allowsFolder("team-b"));
        assertFalse(cluster("team-b").allowsFolder("team-b/inner"));
        assertFalse(cluster("team-b/**").allowsFolder("team-b"));
        assertTrue(cluster("team-b/**").allowsFolder("team-b/inner/most"));
        assertTrue(cluster("*").allowsFolder("team-b"));
        assertFalse(cluster("*").allowsFolder("team-b/inner"));
        assertTrue(cluster("**").allowsFolder("team-b/inner"));
    }

    @Test
    void statements_are_for_the_cluster_by_its_name() {
        assertEquals("teleport.example.com", cluster().audience());
        assertEquals("::1", new Cluster("main", "[::1]:443").audience());
        assertEquals("192.0.2.1", new Cluster("main", "192.0.2.1:3025").audience());
        Cluster named = cluster();
        named.setTeleportName(" example.com ");
        assertEquals("example.com", named.audience());
        assertThrows(IllegalArgumentException.class, () -> named.setTeleportName("a\u0000b"));
    }
}
