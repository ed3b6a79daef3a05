// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeysTest {
    @TempDir
    Path home;

    private final Moment clock = new Moment();
    private Copies copies;
    private SigningKeys keys;

    @BeforeEach
    void start() {
        copies = new Copies(home);
        keys = copies.keys(clock);
    }

    private KeyState rotated(RotationStep step) {
        keys.rotate(step);
        return keys.state();
    }

    private static Set<String> ids(String jwks) {
        Set<String> ids = new HashSet<>();
        JSONArray list = new JSONObject(jwks).getJSONArray("keys");
        list.forEach(key -> ids.add(((JSONObject) key).getString("kid")));
        assertEquals(list.length(), ids.size());
        return ids;
    }

    @Test
    void the_set_has_public_halves_alone() {
        String jwks = keys.jwks();
        assertFalse(jwks.contains("\n"));
        JSONObject key = new JSONObject(jwks).getJSONArray("keys").getJSONObject(0);
        assertEquals(Set.of("kty", "use", "kid", "alg", "n", "e"), key.keySet());
        assertEquals("RSA", key.getString("kty"));
        assertEquals("RS256", key.getString("alg"));
        assertEquals("sig", key.getString("use"));
        assertEquals(256, java.util.Base64.getUrlDecoder().decode(key.getString("n")).length);
    }

    @Test
    void a_stranger_makes_no_keys() {
        assertEquals("{\"keys\":[]}", keys.publicJwks());
        assertEquals("", keys.state().signing());
        assertNull(copies.main.content);
        String jwks = keys.jwks();
        assertEquals(jwks, keys.publicJwks());
    }

    /** A click where there is no key makes one; a second click on the same page makes none beside it. */
    @Test
    void the_first_key_is_no_rotation() {
        assertEquals(RotationStep.FIRST, keys.state().step());
        assertThrows(IssuerFailure.class, () -> keys.rotate(RotationStep.PUBLISH));
        assertNull(copies.main.content);
        KeyState made = rotated(RotationStep.FIRST);
        assertFalse(made.signing().isEmpty());
        assertEquals(List.of("", RotationStep.PUBLISH), List.of(made.next(), made.step()));
        assertEquals(Set.of(made.signing()), ids(keys.jwks()));
        assertThrows(IssuerFailure.class, () -> keys.rotate(RotationStep.FIRST));
        assertEquals(Set.of(made.signing()), ids(keys.jwks()));
    }

    @Test
    void two_threads_at_first_use_make_one_key() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            CountDownLatch go = new CountDownLatch(1);
            List<Future<String>> answers = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                answers.add(threads.submit(() -> {
                    go.await();
                    return keys.jwks();
                }));
            }
            go.countDown();
            Set<String> different = new HashSet<>();
            for (Future<String> answer : answers) {
                different.add(answer.get());
            }
            assertEquals(1, different.size());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void they_are_the_same_after_a_restart() {
        String jwks = keys.jwks();
        keys.rotate(RotationStep.PUBLISH);
        String both = keys.jwks();
        assertNotEquals(jwks, both);
        assertEquals(both, copies.keys(clock).jwks());
    }

    @Test
    void a_rotation_by_hand() {
        String first = keys.current().id();
        KeyState published = rotated(RotationStep.PUBLISH);
        assertEquals(first, published.signing());
        assertEquals(RotationStep.SIGN, published.step());
        assertEquals(Set.of(first, published.next()), ids(keys.jwks()));
        KeyState signs = rotated(RotationStep.SIGN);
        assertEquals(published.next(), signs.signing());
        assertEquals(first, signs.previous());
        assertEquals(Set.of(first, signs.signing()), ids(keys.jwks()));
        KeyState dropped = rotated(RotationStep.DROP);
        assertEquals(Set.of(dropped.signing()), ids(keys.jwks()));
        assertEquals("", dropped.previous());
    }

    @Test
    void a_second_click_does_nothing() {
        keys.current();
        keys.rotate(RotationStep.PUBLISH);
        String before = keys.jwks();
        IssuerFailure failure = assertThrows(IssuerFailure.class, () -> keys.rotate(RotationStep.PUBLISH));
        assertTrue(failure.getMessage().contains("\"Sign with the next key\""), failure.getMessage());
        assertEquals(before, keys.jwks());
    }

    @Test
    void the_schedule_takes_each_step_at_its_time_and_not_before() {
        RotationSchedule schedule = RotationSchedule.ofDays(90, 14);
        keys.rotateIfDue(schedule);
        assertEquals("", keys.state().signing(), "it makes no first key");
        String first = keys.current().id();
        Duration[] waits = {Duration.ofDays(76), Duration.ofDays(14), Duration.ofDays(14)};
        RotationStep[] steps = {RotationStep.PUBLISH, RotationStep.SIGN, RotationStep.DROP};
        for (int step = 0; step < 3; step++) {
            clock.pass(waits[step].minusSeconds(1));
            keys.rotateIfDue(schedule);
            assertEquals(steps[step], keys.state().step());
            clock.pass(Duration.ofSeconds(1));
            keys.rotateIfDue(RotationSchedule.OFF);
            assertEquals(steps[step], keys.state().step());
            keys.rotateIfDue(schedule);
            keys.rotateIfDue(schedule);
            assertNotEquals(steps[step], keys.state().step(), "one step, and the next has its own time");
        }
        assertNotEquals(first, keys.current().id());
        assertEquals(RotationStep.PUBLISH, keys.state().step());
    }

    /** Jenkins' store says "none" of a damaged file. */
    @Test
    void damaged_keys_are_never_replaced_silently() {
        String jwks = keys.jwks();
        byte[] whole = copies.main.content;
        for (byte[] damaged : new byte[][] {null, {}, "{}".getBytes(StandardCharsets.US_ASCII), {1, 2, 3}}) {
            copies.main.content = damaged;
            copies.spare.content = damaged;
            SigningKeys restarted = copies.keys(clock);
            for (Runnable use : List.<Runnable>of(
                    restarted::jwks, restarted::publicJwks, restarted::state, restarted::current,
                    () -> restarted.rotate(RotationStep.PUBLISH),
                    () -> restarted.rotateIfDue(RotationSchedule.ofDays(2, 1)))) {
                IssuerFailure failure = assertThrows(IssuerFailure.class, use::run);
                assertTrue(failure.getMessage().contains("[issuer_keys]"), failure.getMessage());
                assertTrue(failure.getMessage().contains("restore"), failure.getMessage());
            }
            assertEquals(damaged, copies.main.content);
            copies.main.content = whole;
            assertEquals(jwks, restarted.jwks(), "mended without a restart");
        }
    }

    @Test
    void who_removes_the_note_gets_new_keys() throws IOException {
        String jwks = keys.jwks();
        copies.main.content = null;
        copies.spare.content = null;
        try (Stream<Path> files = Files.list(home)) {
            for (Path note : files.toList()) {
                assertEquals(keys.current().id(), Files.readString(note), "nothing secret is there");
                Files.delete(note);
            }
        }
        assertNotEquals(jwks, copies.keys(clock).jwks());
    }

    @Test
    void an_unreadable_store_is_said() {
        String jwks = keys.jwks();
        copies.main.unreadable = true;
        assertEquals(jwks, copies.keys(clock).jwks());
        copies.spare.unreadable = true;
        IssuerFailure failure = assertThrows(IssuerFailure.class, () -> copies.keys(clock).jwks());
        assertTrue(failure.getMessage().contains("Failed to load the key"), failure.getMessage());
        copies.main.content = null;
        copies.main.unreadable = false;
        assertThrows(IssuerFailure.class, () -> copies.keys(clock).jwks(), "there may be some in the other");
    }

    /** A crash in the middle of a write leaves one of the two copies whole. */
    @Test
    void a_half_written_copy_loses_nothing() {
        String jwks = keys.jwks();
        copies.main.content = null;
        assertEquals(jwks, copies.keys(clock).jwks());
        copies.main.content = copies.spare.content;
        copies.spare.content = null;
        assertEquals(jwks, copies.keys(clock).jwks());
    }

    @Test
    void a_full_disk_loses_no_key_in_use() {
        String first = keys.current().id();
        for (Copies.Copy copy : List.of(copies.spare, copies.main)) {
            copy.full = true;
            RotationStep step = keys.state().step();
            assertThrows(IssuerFailure.class, () -> keys.rotate(step));
            copy.full = false;
            assertEquals(first, keys.current().id());
            assertEquals(keys.jwks(), copies.keys(clock).jwks(), "what holds is what is kept");
        }
    }

    @Test
    void a_full_disk_at_first_use_forbids_no_second_try() {
        copies.spare.full = true;
        assertThrows(IssuerFailure.class, keys::jwks);
        copies.spare.full = false;
        copies.main.full = true;
        assertThrows(IssuerFailure.class, keys::jwks);
        copies.main.full = false;
        String jwks = keys.jwks();
        assertEquals(jwks, copies.keys(clock).jwks());
    }

    @Test
    void they_are_read_once() {
        keys.jwks();
        int reads = copies.main.reads;
        keys.jwks();
        keys.publicJwks();
        assertEquals(reads, copies.main.reads);
    }
}
