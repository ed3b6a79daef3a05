// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertNull;

import com.cloudbees.plugins.credentials.FakeCredentials;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Two keys that credentials hold, and a store for what is made or published. */
abstract class HeldKeys {
    static String pemA;
    static String pemB;
    static String a;
    static String b;

    @TempDir
    Path home;

    final Moment clock = new Moment();
    final IssuerConfiguration configuration = IssuerConfiguration.get();
    Copies copies;
    SigningKeys keys;

    @BeforeAll
    static void make() {
        pemA = Pem.rsa();
        pemB = Pem.rsa();
        a = SigningKey.ofPem(pemA).id();
        b = SigningKey.ofPem(pemB).id();
    }

    @BeforeEach
    void start() {
        FakeCredentials.store(FakeCredentials.text("key-a", pemA), FakeCredentials.file("key-b", pemB));
        copies = new Copies(home);
        keys = copies.keys(clock);
    }

    @AfterEach
    void empty() {
        configure(null, null);
        configuration.setAnnounceDays(null);
        FakeCredentials.store();
    }

    void configure(String signing, String next) {
        configuration.setCredentialsId(signing);
        configuration.setNextCredentialsId(next);
    }

    static List<String> ids(String jwks) {
        List<String> ids = new ArrayList<>();
        new JSONObject(jwks).getJSONArray("keys").forEach(key -> ids.add(((JSONObject) key).getString("kid")));
        return ids;
    }

    void nothingIsMade() {
        assertNull(copies.main.content);
        assertNull(copies.spare.content);
    }
}
