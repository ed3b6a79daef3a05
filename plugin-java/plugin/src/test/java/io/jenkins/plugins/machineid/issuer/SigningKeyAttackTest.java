// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.FakeCredentials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Signing keys whose store or credential fails, and strangers who ask for the public ones. */
class SigningKeyAttackTest extends HeldKeys {
    /** A cluster that fetches the keys in that moment would refuse all builds. */
    @Test
    void whoever_asks_before_a_credential_is_read_is_told_what_was_published_before() {
        keys.jwks();
        configure(null, "key-a");
        String before = keys.jwks();
        configure("key-a", "key-b");
        assertEquals(ids(before), ids(keys.publicJwks()));
        keys.jwks();
        assertEquals(3, ids(keys.publicJwks()).size());
        assertEquals(a, ids(keys.publicJwks()).get(0));
    }

    /** One clear sentence each, the published keys stay as they were, and no key is made. */
    @Test
    void a25ACredentialThatFailsMakesNoKey() {
        configure("key-a", "key-b");
        String jwks = keys.jwks();
        List<Runnable> faults = List.of(
                () -> FakeCredentials.store(),
                () -> FakeCredentials.store(FakeCredentials.other("key-a")),
                () -> FakeCredentials.store(FakeCredentials.text("key-a", "s3cret")),
                () -> FakeCredentials.store(FakeCredentials.text("key-a", "")),
                () -> FakeCredentials.store(FakeCredentials.text(
                        "key-a", Pem.of("PRIVATE KEY", Pem.pair("EC", 256).getPrivate().getEncoded()))),
                () -> FakeCredentials.store(FakeCredentials.text("key-a", () -> {
                    throw new IllegalStateException("s3cret");
                })));
        List<String> codes = new ArrayList<>();
        for (Runnable fault : faults) {
            fault.run();
            String told = null;
            for (Runnable use : List.<Runnable>of(keys::current, keys::jwks, keys::state)) {
                told = assertThrows(IssuerFailure.class, use::run).getMessage();
                assertTrue(told.contains("'key-a'") && !told.contains("s3cret") && told.lines().count() == 1, told);
            }
            codes.add(told.substring(told.lastIndexOf('[')));
            assertEquals(jwks, keys.publicJwks());
            keys.rotateIfDue(RotationSchedule.ofDays(2, 1));
        }
        assertEquals(
                List.of("[credential_missing]", "[credential_kind]", "[credential_content]", "[credential_content]",
                        "[credential_content]", "[credential_failed]"),
                codes);
        nothingIsMade();
    }

    @Test
    void a25StrangersHaveNoProviderAsked() {
        configure("key-a", "key-b");
        String told = assertThrows(IssuerFailure.class, keys::publicJwks).getMessage();
        assertTrue(told.contains("'key-a'") && told.endsWith("[issuer_keys]"), told);
        assertEquals(0, CredentialsProvider.ASKED.get());
        String jwks = keys.jwks();
        int asked = CredentialsProvider.ASKED.get();
        for (int i = 0; i < 100; i++) {
            assertEquals(jwks, keys.publicJwks());
        }
        assertEquals(jwks, copies.keys(clock).publicJwks(), "after a restart, too");
        assertEquals(asked, CredentialsProvider.ASKED.get());
        configuration.setNextCredentialsId(null);
        assertEquals(List.of(a), ids(keys.publicJwks()), "what is announced no more is published no more");
    }

    /** Anybody can ask for the public keys as often as they like. */
    @Test
    void a25StrangersHaveADamagedStoreReadOnceInAWhile() {
        assertEquals("{\"keys\":[]}", keys.publicJwks());
        int reads = copies.main.reads + copies.spare.reads;
        keys.publicJwks();
        assertEquals(reads, copies.main.reads + copies.spare.reads);
        String jwks = keys.jwks();
        assertEquals(jwks, keys.publicJwks(), "made meanwhile");
        byte[] whole = copies.main.content;
        copies.main.content = new byte[] {1, 2, 3};
        copies.spare.content = null;
        SigningKeys restarted = copies.keys(clock);
        String told = assertThrows(IssuerFailure.class, restarted::publicJwks).getMessage();
        reads = copies.main.reads + copies.spare.reads;
        for (int i = 0; i < 100; i++) {
            assertEquals(told, assertThrows(IssuerFailure.class, restarted::publicJwks).getMessage());
        }
        assertEquals(reads, copies.main.reads + copies.spare.reads);
        copies.main.content = whole;
        assertThrows(IssuerFailure.class, restarted::publicJwks);
        clock.pass(Duration.ofMinutes(1));
        assertEquals(jwks, restarted.publicJwks());
        copies.main.content = new byte[0];
        SigningKeys another = copies.keys(clock);
        assertThrows(IssuerFailure.class, another::publicJwks);
        copies.main.content = whole;
        another.current();
        assertEquals(jwks, another.publicJwks(), "an administrator or a build needs no minute");
    }
}
