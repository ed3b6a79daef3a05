// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChecksTest {
    @ParameterizedTest
    @ValueSource(strings = {"teleport.example.com:443", "teleport", "10.0.0.1:3025", "[2001:db8::1]:443", "host_1"})
    void addresses_are_hosts_with_or_without_port(String text) {
        assertDoesNotThrow(() -> Checks.address(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "https://teleport.example.com", "host:0", "host:65536", "host:", "a b", "host/x", "-x", "a\nb"})
    void other_addresses_are_refused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Checks.address(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../x", ".x", "a/b", "a b", "-a", "ä"})
    void an_id_is_safe_as_a_file_name(String text) {
        assertThrows(IllegalArgumentException.class, () -> Checks.id(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sha256:zz", "11", "sha1:1111"})
    void a_pin_is_written_as_tctl_prints_it(String text) {
        assertThrows(IllegalArgumentException.class, () -> Checks.pins(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/opt", "relative/path", "/opt/../etc", "/opt/a\n", ""})
    void a_destination_is_an_absolute_path_of_its_own(String text) {
        assertThrows(IllegalArgumentException.class, () -> Checks.destination(text));
    }

    @Test
    void a_private_key_in_place_of_a_certificate_is_pointed_out() {
        String both = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
        assertThrows(IllegalArgumentException.class, () -> Checks.certificate(both));
    }

    @Test
    void defaults_and_blanks_are_not_saved() {
        assertNull(Texts.unlessDefault("1h", "1h"));
        assertNull(Texts.unlessDefault(" ", "1h"));
        assertEquals("2h", Texts.unlessDefault("2h", "1h"));
    }

    @Test
    void a_form_sends_one_text_and_yaml_a_list() {
        assertEquals(List.of("a", "b"), Texts.words(List.of("a, b")));
        assertEquals(List.of("a", "b"), Texts.words(List.of("a", "b", " a ")));
        assertNull(Texts.words(List.of(" ")));
        assertEquals(List.of("team a/**", "x, y"), Texts.lines(List.of("team a/**\r\nx, y\n")));
    }

    @Test
    void values_are_checked_wherever_they_come_from() {
        Identity identity = new Identity("api", "main");
        assertThrows(IllegalArgumentException.class, () -> identity.setMaxTtl("soon"));
        assertThrows(IllegalArgumentException.class, () -> identity.setAllowedJobs(List.of("/team-a")));
        assertThrows(IllegalArgumentException.class, () -> identity.setAllowedJobs(List.of("a".repeat(1001))));
        assertThrows(IllegalArgumentException.class, () -> identity.setAllowedAgents(List.of("*")));
        assertThrows(IllegalArgumentException.class, () -> identity.setAllowedAgents(List.of("**")));
        assertThrows(IllegalArgumentException.class, () -> identity.setAgentsBy("all"));
        assertThrows(IllegalArgumentException.class, () -> new Identity("a/b", "main"));
        assertThrows(IllegalArgumentException.class, () -> new Cluster("main", "http://x"));
    }
}
