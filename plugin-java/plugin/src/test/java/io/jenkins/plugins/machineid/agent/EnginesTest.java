// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class EnginesTest {
    private final FakeNative library = new FakeNative();
    private final Engines engines = new Engines(library);
    private final byte[] config = "{}".getBytes(StandardCharsets.UTF_8);

    private static String text(byte[] reply) {
        return new String(reply, StandardCharsets.UTF_8);
    }

    @Test
    void without_an_engine_the_configuration_is_asked_for() {
        assertNull(engines.acquire("k1", "l1", config));
        assertNull(engines.release("l1", true));
        assertNull(engines.renew("k1", "api"));
        assertTrue(engines.status().isEmpty());
    }

    @Test
    void an_engine_is_opened_once_for_a_configuration() {
        engines.open("k1", "api", config);
        engines.open("k1", "api", config);
        assertEquals(List.of("open 1"), library.calls);
    }

    @Test
    void a_refused_configuration_opens_nothing() {
        library.openReply = "{\"error\":{\"code\":\"config_invalid\"}}";
        assertTrue(text(engines.open("k1", "api", config)).contains("config_invalid"));
        assertNull(engines.acquire("k1", "l1", config));
    }

    @Test
    void a_changed_configuration_closes_the_old_engine_at_its_last_release() {
        engines.open("k1", "api", config);
        engines.acquire("k1", "l1", config);
        engines.open("k2", "api", config);
        engines.acquire("k2", "l2", config);
        assertEquals(List.of("open 1", "acquire 1", "open 2", "acquire 2"), library.calls);
        engines.release("l1", true);
        assertEquals(List.of("release 1 l1", "close 1"), library.calls.subList(4, 6));
        engines.release("l2", true);
        assertEquals("release 2 l2", library.calls.get(6));
        assertEquals(7, library.calls.size());
    }

    @Test
    void a_configuration_that_comes_back_is_used_again() {
        engines.open("k1", "api", config);
        engines.acquire("k1", "l1", config);
        engines.open("k2", "api", config);
        engines.open("k1", "api", config);
        assertNotNull(engines.acquire("k1", "l2", config));
        assertEquals(2, library.calls.stream().filter(call -> call.startsWith("open")).count());
    }

    @Test
    void other_identities_are_left_alone() {
        engines.open("k1", "api", config);
        engines.open("k2", "web", config);
        assertEquals(List.of("open 1", "open 2"), library.calls);
        assertEquals(2, engines.status().size());
    }

    @Test
    void a_lease_that_was_given_back_is_not_taken_by_a_late_request() {
        engines.open("k1", "api", config);
        engines.release("l1", true);
        assertTrue(text(engines.acquire("k1", "l1", config)).contains("cancelled"));
        assertTrue(library.calls.stream().noneMatch(call -> call.startsWith("acquire")));
    }

    @Test
    void a_release_while_taking_leaves_nothing() throws InterruptedException {
        engines.open("k1", "api", config);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        library.duringAcquire = () -> {
            inside.countDown();
            released.await();
        };
        AtomicReference<byte[]> reply = new AtomicReference<>();
        Thread taking = new Thread(() -> reply.set(engines.acquire("k1", "l1", config)));
        taking.start();
        inside.await();
        engines.release("l1", true);
        released.countDown();
        taking.join();
        assertTrue(text(reply.get()).contains("cancelled"));
        assertEquals("release 1 l1", library.calls.get(library.calls.size() - 1));
    }

    @Test
    void a_standing_lease_can_be_taken_again_after_a_sweep() {
        engines.open("k1", "api", config);
        engines.acquire("k1", "s", config);
        engines.release("s", false);
        assertEquals("{\"ok\":{}}", text(engines.acquire("k1", "s", config)));
    }

    @Test
    void a_standing_lease_taken_again_with_a_changed_configuration_leaves_no_engine_of_the_old_one() {
        engines.open("k1", "api", config);
        engines.acquire("k1", "s", config);
        engines.release("s", false);
        engines.open("k2", "api", config);
        engines.acquire("k2", "s", config);
        assertEquals(
                List.of("open 1", "acquire 1", "release 1 s", "open 2", "close 1", "acquire 2"), library.calls);
    }

    @Test
    void a_lease_that_two_engines_have_is_released_on_both() {
        engines.open("k1", "api", config);
        engines.acquire("k1", "s", config);
        engines.open("k2", "api", config);
        engines.acquire("k2", "s", config);
        engines.release("s", false);
        assertEquals(List.of("release 1 s", "release 2 s", "close 1"), library.calls.subList(4, 7));
        assertEquals(7, library.calls.size());
    }

    @Test
    void closing_is_harmless_twice() {
        engines.open("k1", "api", config);
        engines.closeAll();
        engines.closeAll();
        assertEquals(List.of("open 1", "close 1"), library.calls);
        assertNull(engines.acquire("k1", "l1", config));
    }

    @Test
    void engines_that_were_lost_with_their_process_are_wanted_anew() {
        engines.open("k1", "api", config);
        engines.acquire("k1", "l1", config);
        library.lost.add(1L);
        assertNull(engines.acquire("k1", "l1", config), "the configuration is asked for");
        assertNull(engines.release("l1", true), "the lease is ended by the table alone");
        assertTrue(engines.status().isEmpty());
        engines.open("k1", "api", config);
        assertEquals(List.of("open 1", "acquire 1", "open 2"), library.calls, "nothing is asked of a lost one");
    }

    @Test
    void a_release_in_the_middle_of_which_the_engine_is_lost_is_left_to_the_table() {
        engines.open("k1", "api", config);
        engines.acquire("k1", "l1", config);
        library.duringRelease = () -> library.lost.add(1L);
        assertNull(engines.release("l1", true));
    }
}
