// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyRingTest {
    private static final SigningKey A = SigningKey.make();
    private static final SigningKey B = SigningKey.make();
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final KeyRing steady = KeyRing.of(A, START);
    private final KeyRing announced = steady.after(RotationStep.PUBLISH, B, day(10));
    private final KeyRing changed = announced.after(RotationStep.SIGN, null, day(20));

    private static Instant day(int days) {
        return START.plus(Duration.ofDays(days));
    }

    @Test
    void the_next_key_is_published_before_it_signs_and_the_old_one_after() {
        assertEquals(List.of(A), steady.published());
        assertEquals(A, announced.current().key());
        assertEquals(List.of(A, B), announced.published());
        assertEquals(B, changed.current().key());
        assertEquals(List.of(B, A), changed.published());
        assertEquals(List.of(B), changed.after(RotationStep.DROP, null, day(30)).published());
    }

    @Test
    void only_the_step_that_follows_can_be_taken() {
        for (KeyRing ring : List.of(steady, announced, changed)) {
            for (RotationStep step : RotationStep.values()) {
                if (step != ring.nextStep()) {
                    assertThrows(IllegalArgumentException.class, () -> ring.after(step, B, day(30)), step.name());
                }
            }
        }
        assertEquals(RotationStep.PUBLISH, changed.after(RotationStep.DROP, null, day(30)).nextStep());
    }

    @Test
    void the_schedule_says_when() {
        RotationSchedule schedule = RotationSchedule.ofDays(90, 14);
        assertEquals(day(90 - 14), steady.due(schedule));
        assertEquals(day(10 + 14), announced.due(schedule));
        assertEquals(day(20 + 14), changed.due(schedule));
        assertNull(steady.due(RotationSchedule.OFF));
        assertNull(announced.due(RotationSchedule.OFF));
        assertEquals(Duration.ofDays(5), RotationSchedule.ofDays(10, 14).announce(), "at most half of the interval");
    }

    @Test
    void a_key_cannot_follow_itself() {
        assertThrows(IllegalArgumentException.class, () -> steady.after(RotationStep.PUBLISH, A, day(1)));
    }

    @Test
    void what_is_kept_is_read_again() throws ParseException {
        for (KeyRing ring : List.of(steady, announced, changed)) {
            KeyRing again = KeyRingText.read(KeyRingText.write(ring));
            assertEquals(ids(ring), ids(again));
            assertEquals(ring.current().since(), again.current().since());
            assertEquals(ring.nextStep(), again.nextStep());
        }
    }

    private static List<String> ids(KeyRing ring) {
        return ring.published().stream().map(SigningKey::id).toList();
    }

    /** Damage is said to be damage, without quoting what is secret; or it is harmless, and the keys are the same. */
    @Test
    void a_damaged_text_is_refused_without_quoting_it() {
        byte[] whole = KeyRingText.write(changed);
        String secret = (String) A.stored().get("d");
        Random random = new Random(12);
        int refused = 0;
        for (int round = 0; round < 800; round++) {
            byte[] text = random.nextInt(4) == 0
                    ? java.util.Arrays.copyOf(whole, random.nextInt(whole.length))
                    : whole.clone();
            for (int flips = random.nextInt(3); flips >= 0 && text.length > 0; flips--) {
                text[random.nextInt(text.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                KeyRing read = KeyRingText.read(text);
                read.published().forEach(key -> assertTrue(ids(changed).contains(key.id())));
            } catch (ParseException e) {
                refused++;
                assertNull(e.getCause());
                assertTrue(List.of("no key ring", "no RSA key for RS256").contains(e.getMessage()), e.getMessage());
            }
        }
        assertTrue(refused > 600, refused + " refused");
        assertNotEquals(-1, new String(whole, StandardCharsets.UTF_8).indexOf(secret));
    }

    /** One character of a number of the key is another. */
    private String damaged(String number) {
        String value = (String) A.stored().get(number);
        String other = (value.charAt(2) == 'A' ? "B" : "A");
        return new String(KeyRingText.write(steady), StandardCharsets.UTF_8)
                .replace(value, value.substring(0, 2) + other + value.substring(3));
    }

    @Test
    void other_keys_are_not_taken() {
        String[] texts = {
            "{}", "[]", "null", "{\"current\":{}}", "{\"current\":{\"key\":{},\"since\":\"2026-01-01T00:00:00Z\"}}",
            "{\"current\":{\"key\":{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"a\"},\"since\":\"2026-01-01T00:00:00Z\"}}",
            new String(KeyRingText.write(steady), StandardCharsets.UTF_8).replace(A.id(), B.id()),
            new String(KeyRingText.write(steady), StandardCharsets.UTF_8).replace("\"d\":", "\"x\":"),
            damaged("p"), damaged("q"), damaged("dp"), damaged("dq"), damaged("qi"), damaged("n"), damaged("e"),
        };
        for (int i = 0; i < texts.length; i++) {
            byte[] text = texts[i].getBytes(StandardCharsets.UTF_8);
            assertThrows(ParseException.class, () -> KeyRingText.read(text), "text " + i);
        }
    }

    @Test
    void no_text_form_has_a_secret() {
        for (String name : List.of("d", "p", "q", "dp", "dq", "qi")) {
            String secret = (String) A.stored().get(name);
            for (Object shown : List.of(A, steady, changed, A.published(), KeyState.of(changed, RotationSchedule.OFF))) {
                assertTrue(!shown.toString().contains(secret), name + " in " + shown.getClass());
            }
        }
    }
}
