// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.Answered;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jenkins.model.Jenkins;
import jenkins.security.ConfidentialKey;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.StaplerRequest2;

class PublicKeysTest {
    private Answered answered = new Answered();

    @AfterEach
    void address() {
        Jenkins.get().rootUrl = "https://ci.example.com/";
    }

    /** Any other call than these, for example for a session, ends the test. */
    private void ask(String verb, String path) throws IOException {
        answered = new Answered();
        StaplerRequest2 request = (StaplerRequest2) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {StaplerRequest2.class}, (proxy, method, arguments) -> switch (method.getName()) {
                    case "getMethod" -> verb;
                    case "getRestOfPath" -> path;
                    default -> throw new AssertionError(method.getName());
                });
        new PublicKeys().doDynamic(request, answered.response());
    }

    private JSONObject json() {
        assertNull(answered.sent.get("status"));
        assertEquals("application/json", answered.sent.get("Content-Type"));
        assertEquals("public, max-age=300", answered.sent.get("Cache-Control"));
        assertEquals(answered.body().length(), answered.sent.get("Content-Length"));
        return new JSONObject(answered.body());
    }

    @Test
    void the_keys() throws IOException {
        String known = SigningKeys.get().jwks();
        ask("GET", "/jwks");
        assertEquals(known, answered.body());
        for (Object key : json().getJSONArray("keys")) {
            assertEquals(Set.of("kty", "use", "kid", "alg", "n", "e"), ((JSONObject) key).keySet());
        }
    }

    @Test
    void the_discovery_document() throws IOException {
        ask("GET", "/.well-known/openid-configuration");
        JSONObject document = json();
        assertEquals("https://ci.example.com/machine-id-issuer", document.getString("issuer"));
        assertEquals("https://ci.example.com/machine-id-issuer/jwks", document.getString("jwks_uri"));
        assertEquals(List.of("RS256"), document.getJSONArray("id_token_signing_alg_values_supported").toList());
        Jenkins.get().rootUrl = "http://localhost:8080/jenkins/";
        ask("GET", "/.well-known/openid-configuration");
        assertEquals("http://localhost:8080/jenkins/machine-id-issuer", json().getString("issuer"));
    }

    @Test
    void nothing_else_is_there() throws IOException {
        String[] paths = {
            "", "/", "/jwks/", "//jwks", "/JWKS", "/jwks;x", "/jwks.json", "/jwks/..", "/.well-known", "/.well-known/",
            "/.well-known/jwks", "/.well-known/openid-configuration/", "/rotate", "/state", "/api/json", "/../manage"
        };
        for (String path : paths) {
            for (String method : List.of("GET", "POST")) {
                ask(method, path);
                assertEquals(Map.of("status", 404), answered.sent, path);
                assertEquals(0, answered.body().length());
            }
        }
    }

    @Test
    void they_can_only_be_read() throws IOException {
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "get")) {
            ask(method, "/jwks");
            assertEquals(Map.of("status", 405, "Allow", "GET"), answered.sent, method);
            assertEquals(0, answered.body().length());
        }
    }

    @Test
    void a_failure_tells_a_stranger_nothing() throws IOException {
        Jenkins.get().rootUrl = null;
        ask("GET", "/.well-known/openid-configuration");
        assertEquals(Map.of("status", 503), answered.sent);
        assertEquals(0, answered.body().length());
    }

    @Test
    void it_is_no_entry_of_a_menu() {
        assertNull(new PublicKeys().getIconFileName());
        assertEquals("machine-id-issuer", new PublicKeys().getUrlName());
        assertTrue(ConfidentialKey.STORE.keySet().stream().allMatch(id -> id.startsWith(SigningKeys.class.getName())));
    }
}
