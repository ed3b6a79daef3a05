// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.jenkins.plugins.machineid.config.Cluster;
import java.util.Set;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses that people paste. */
class AddressTest {
    @ParameterizedTest
    @CsvSource({
        "https://teleport.example.com:443/web/login, teleport.example.com:443",
        "https://teleport.example.com, teleport.example.com:443",
        "https://teleport.example.com/, teleport.example.com:443",
        "https://teleport.example.com:3080, teleport.example.com:3080",
        "HTTPS://Teleport.example.com/web?x=1#/y, Teleport.example.com:443",
        "https://teleport.example.com?redirect=https://u:p@elsewhere.example.com/, teleport.example.com:443",
        "https://teleport.example.com/@somebody, teleport.example.com:443",
        "https://[2001:db8::1]/web, [2001:db8::1]:443",
        "https://[2001:db8::1]:8443/web, [2001:db8::1]:8443",
        "teleport.example.com:443, teleport.example.com:443",
        "teleport.example.com, teleport.example.com",
    })
    void a_url_is_taken_as_its_host_and_port(String pasted, String address) {
        assertEquals(address, new Cluster("main", "  " + pasted + "\n").getAddress());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "http://teleport.example.com", "ssh://teleport.example.com", "javascript://teleport.example.com/%0aalert(1)",
        "file:///etc/passwd", "tbot+proxy+token://s3cret@teleport.example.com:443", "https://s3cret@teleport.example.com/",
        "https://admin:s3cret@teleport.example.com/web", "https://teleport.example.com:443@evil.example.com/",
        "https://teleport.example.com\\@evil.example.com/", "https://evil.example.com\\teleport.example.com/",
        "https:///web", "https://", "https://:443/", "https://teleport.example.com:/", "https://teleport.example.com:0/",
        "https://teleport.example.com:65536/", "https://teleport.example.com:44a/", "https://tele port.example.com/",
        "https://teleport.example.com%2f.evil.example.com/", "https://teleport.example.com%00/", "https://té.example/",
        "https://https://teleport.example.com/", "https://[::1/", "//teleport.example.com", "https:teleport.example.com",
        "https://teleport.example.com\n.evil.example.com/", "://teleport.example.com", "https://a..b/", "https://1.2.3/",
    })
    void other_urls_are_refused_by_a_sentence_that_tells_no_secret(String pasted) {
        String said = assertThrows(IllegalArgumentException.class, () -> new Cluster("main", pasted)).getMessage();
        assertFalse(said.contains("s3cret"), said);
        assertFalse(said.isBlank());
    }

    @Test
    void a_form_says_what_it_has_taken() {
        Cluster.DescriptorImpl form = new Cluster.DescriptorImpl();
        Jenkins.get().granted = Set.of(Jenkins.ADMINISTER);
        try {
            assertEquals("Taken as teleport.example.com:443", form.doCheckAddress("https://teleport.example.com/web").getMessage());
            assertEquals(hudson.util.FormValidation.Kind.ERROR, form.doCheckAddress("https://a@b.example.com").kind);
            assertEquals("", form.doCheckAddress("teleport.example.com:443").getMessage());
            assertEquals("", form.doCheckAddress("").getMessage());
        } finally {
            Jenkins.get().granted = null;
        }
    }
}
