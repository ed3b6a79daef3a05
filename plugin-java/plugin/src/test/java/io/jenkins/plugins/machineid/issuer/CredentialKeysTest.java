// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.FakeCredentials;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Signing keys that credentials hold. */
class CredentialKeysTest extends HeldKeys {
    @Test
    void the_credentials_key_signs_and_none_is_made() {
        configure("key-a", null);
        assertEquals(a, keys.current().id());
        assertEquals(List.of(a), ids(keys.jwks()));
        assertEquals("key-a", keys.state().credential());
        assertNull(keys.state().step(), "there is no button");
        nothingIsMade();
    }

    /** The whole of a rotation, each step by the configuration. */
    @Test
    void the_next_key_is_published_before_it_signs_and_the_old_one_after() {
        configure("key-a", "key-b");
        assertEquals(List.of(a, b), ids(keys.jwks()));
        assertEquals(List.of(a, b), ids(keys.publicJwks()));
        assertEquals(a, keys.current().id());
        assertEquals(b, keys.state().announced());
        configure("key-b", null);
        assertEquals(b, keys.current().id());
        assertEquals(List.of(b, a), ids(keys.jwks()));
        KeyState state = keys.state();
        assertEquals(List.of(b, a, ""), List.of(state.signing(), state.previous(), state.announced()));
        assertEquals(clock.instant().plus(Duration.ofDays(14)), state.due());
        clock.pass(Duration.ofDays(14).minusSeconds(1));
        assertEquals(List.of(b, a), ids(copies.keys(clock).publicJwks()), "after a restart, too");
        clock.pass(Duration.ofSeconds(1));
        assertEquals(List.of(b), ids(keys.publicJwks()));
        assertEquals(List.of(b), ids(keys.jwks()));
        assertEquals("", keys.state().previous());
        nothingIsMade();
    }

    /** Configuration as Code leaves a value that it names no more. */
    @Test
    void what_signs_is_not_announced_too() {
        configure("key-b", "key-b");
        assertEquals(List.of(b), ids(keys.jwks()));
        assertEquals("", keys.state().announced());
    }

    @Test
    void another_key_in_the_same_credential_is_a_rotation_too() {
        configure("key-a", null);
        keys.current();
        FakeCredentials.store(FakeCredentials.text("key-a", pemB));
        assertEquals(b, keys.current().id());
        assertEquals(List.of(b, a), ids(keys.publicJwks()));
        assertThrows(IssuerFailure.class, () -> keys.rotate(RotationStep.SIGN));
        keys.rotate(RotationStep.DROP);
        assertEquals(List.of(b), ids(keys.publicJwks()), "after a theft nobody waits for days");
        String told = assertThrows(IssuerFailure.class, () -> keys.rotate(RotationStep.DROP)).getMessage();
        assertTrue(told.endsWith("[issuer_step]"), told);
    }

    @Test
    void a_made_key_is_followed_by_a_credentials() {
        String made = keys.current().id();
        configure(null, "key-a");
        assertEquals(List.of(made, a), ids(keys.jwks()));
        assertEquals(List.of(made, a), ids(keys.publicJwks()));
        assertEquals(a, keys.state().announced());
        assertEquals(made, keys.state().signing());
        configure("key-a", null);
        assertEquals(a, keys.current().id());
        assertEquals(List.of(a, made), ids(keys.publicJwks()));
        configure(null, null);
        assertEquals(made, keys.current().id(), "the made one is kept");
        assertEquals(List.of(made), ids(keys.jwks()));
        configure("key-b", null);
        assertEquals(List.of(b, made), ids(keys.jwks()), "what signed before is what signed last");
    }

    /** Nobody has opened a page in between: what a made key signed a moment ago has to be accepted. */
    @Test
    void a_made_key_that_signed_between_two_credentials_stays_published() {
        String made = keys.current().id();
        configure("key-a", null);
        assertEquals(a, keys.current().id());
        configure(null, null);
        assertEquals(made, keys.current().id());
        configure("key-b", null);
        assertEquals(b, keys.current().id());
        assertEquals(List.of(b, made), ids(keys.publicJwks()));
        assertEquals(made, keys.state().previous());
        assertEquals(List.of(b, made), ids(copies.keys(clock).publicJwks()), "after a restart, too");
    }

    /** It signs what builds need; but a page that left it out would give a token resource one key too few. */
    @Test
    void a_next_key_that_fails_hinders_no_build_and_is_told() {
        FakeCredentials.store(FakeCredentials.text("key-a", pemA));
        configure("key-a", "key-b");
        assertEquals(a, keys.current().id());
        assertTrue(assertThrows(IssuerFailure.class, keys::jwks).getMessage().contains("'key-b'"));
        assertTrue(assertThrows(IssuerFailure.class, keys::state).getMessage().contains("'key-b'"));
        assertEquals(List.of(a), ids(keys.publicJwks()));
    }

    @Test
    void what_is_kept_is_public_and_may_be_lost() {
        configure("key-a", "key-b");
        String jwks = keys.jwks();
        String kept = new String(copies.published.content, StandardCharsets.UTF_8);
        for (String part : List.of("\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\"", "PRIVATE")) {
            assertFalse(kept.contains(part), kept);
        }
        for (byte[] damaged : new byte[][] {null, {}, {1, 2}, "{\"current\":{}}".getBytes(StandardCharsets.US_ASCII)}) {
            copies.published.content = damaged;
            SigningKeys restarted = copies.keys(clock);
            assertThrows(IssuerFailure.class, restarted::publicJwks);
            assertEquals(jwks, restarted.jwks());
        }
        copies.published.full = true;
        configure("key-b", null);
        assertEquals(b, keys.current().id(), "a full disk keeps nobody from signing");
        assertEquals(List.of(b, a), ids(keys.publicJwks()));
    }

    /** Read for a statement before the theft was known, and answered by a slow store after the old key was dropped. */
    @Test
    void a_key_that_was_dropped_is_not_published_once_more_by_who_read_it_before() {
        configure("key-a", null);
        keys.current();
        FakeCredentials.store(
                FakeCredentials.text("key-a", () -> {
                    configure("key-b", null);
                    keys.jwks();
                    keys.rotate(RotationStep.DROP);
                    return pemA;
                }),
                FakeCredentials.file("key-b", pemB));
        assertThrows(IssuerFailure.class, keys::current);
        assertEquals(b, keys.current().id());
        assertEquals(List.of(b), ids(keys.jwks()));
    }
}
