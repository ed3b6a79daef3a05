// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import jenkins.model.Jenkins;
import jenkins.security.ConfidentialKey;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.StaplerResponse2;

class PublicKeysTest {
    private final Map<String, Object> sent = new TreeMap<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    @AfterEach
    void address() {
        Jenkins.get().rootUrl = "https://ci.example.com/";
    }

    /** Any other call than these, for example for a session, ends the test. */
    private void ask(String method, String path) throws IOException {
        sent.clear();
        body.reset();
        StaplerRequest2 request = proxy(StaplerRequest2.class, (name, arguments) -> switch (name) {
            case "getMethod" -> method;
            case "getRestOfPath" -> path;
            default -> throw new AssertionError(name);
        });
        StaplerResponse2 response = proxy(StaplerResponse2.class, (name, arguments) -> switch (name) {
            case "setHeader" -> sent.put((String) arguments[0], arguments[1]);
            case "setContentType" -> sent.put("Content-Type", arguments[0]);
            case "setContentLength" -> sent.put("Content-Length", arguments[0]);
            case "sendError" -> sent.put("status", arguments[0]);
            case "getOutputStream" -> new Body();
            default -> throw new AssertionError(name);
        });
        new PublicKeys().doDynamic(request, response);
    }

    private final class Body extends ServletOutputStream {
        @Override
        public void write(int b) {
            body.write(b);
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {}
    }

    private interface Answer {
        Object to(String name, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            Object result = answer.to(method.getName(), arguments);
            return method.getReturnType() == void.class ? null : result;
        }));
    }

    private JSONObject json() {
        assertNull(sent.get("status"));
        assertEquals("application/json", sent.get("Content-Type"));
        assertEquals("public, max-age=300", sent.get("Cache-Control"));
        assertEquals(body.size(), sent.get("Content-Length"));
        return new JSONObject(body.toString(StandardCharsets.UTF_8));
    }

    @Test
    void the_keys() throws IOException {
        String known = SigningKeys.get().jwks();
        ask("GET", "/jwks");
        assertEquals(known, body.toString(StandardCharsets.UTF_8));
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
                assertEquals(Map.of("status", 404), sent, path);
                assertEquals(0, body.size());
            }
        }
    }

    @Test
    void they_can_only_be_read() throws IOException {
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "get")) {
            ask(method, "/jwks");
            assertEquals(Map.of("status", 405, "Allow", "GET"), sent, method);
            assertEquals(0, body.size());
        }
    }

    @Test
    void a_failure_tells_a_stranger_nothing() throws IOException {
        Jenkins.get().rootUrl = null;
        ask("GET", "/.well-known/openid-configuration");
        assertEquals(Map.of("status", 503), sent);
        assertEquals(0, body.size());
    }

    @Test
    void it_is_no_entry_of_a_menu() {
        assertNull(new PublicKeys().getIconFileName());
        assertEquals("machine-id-issuer", new PublicKeys().getUrlName());
        assertTrue(ConfidentialKey.STORE.keySet().stream().allMatch(id -> id.startsWith(SigningKeys.class.getName())));
    }
}
