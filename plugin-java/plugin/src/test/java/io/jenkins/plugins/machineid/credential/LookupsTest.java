// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Questions that hang, each in its way. */
@Timeout(60)
class LookupsTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private final AtomicInteger asked = new AtomicInteger();
    private final List<Thread> threads = new ArrayList<>();

    /** Hears no interrupt, as a socket doesn't. */
    private String hang() {
        asked.incrementAndGet();
        while (true) {
            try {
                end.await();
                return "late";
            } catch (InterruptedException e) {
                // Goes on.
            }
        }
    }

    @AfterEach
    void over() {
        end.countDown();
    }

    private static Lookups<String> lookups(int threads, long millis) {
        return new Lookups<>("test", threads, millis, TimeUnit.MILLISECONDS);
    }

    private FutureTask<String> ask(Lookups<String> lookups, String key, Callable<String> question) {
        FutureTask<String> asker = new FutureTask<>(() -> lookups.ask(key, question));
        Thread thread = new Thread(asker);
        threads.add(thread);
        thread.start();
        return asker;
    }

    @Test
    void who_asks_meanwhile_shares_the_answer_and_who_asks_later_does_not() throws Exception {
        Lookups<String> lookups = lookups(4, 30_000);
        CountDownLatch go = new CountDownLatch(1);
        List<FutureTask<String>> askers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            askers.add(ask(lookups, "k", () -> {
                go.await();
                return "answer " + asked.incrementAndGet();
            }));
        }
        while (threads.stream().anyMatch(thread -> thread.getState() != Thread.State.TIMED_WAITING)) {
            Thread.sleep(5);
        }
        go.countDown();
        for (FutureTask<String> asker : askers) {
            assertEquals("answer 1", asker.get());
        }
        assertEquals("answer 2", lookups.ask("k", () -> "answer " + asked.incrementAndGet()));
    }

    @Test
    void one_that_hangs_ends_at_its_limit_and_hinders_no_other() throws Exception {
        Lookups<String> lookups = lookups(2, 2000);
        assertThrows(TimeoutException.class, () -> lookups.ask("k", this::hang));
        long begun = System.nanoTime();
        assertThrows(TimeoutException.class, () -> lookups.ask("k", this::hang));
        assertTrue(System.nanoTime() - begun < TimeUnit.MILLISECONDS.toNanos(1900), "the second one waited again");
        assertEquals(1, asked.get());
        assertEquals("other", lookups.ask("other", () -> "other"));
    }

    @Test
    void one_that_hangs_each_time_takes_a_few_threads() throws Exception {
        Lookups<String> lookups = lookups(8, 10);
        while (asked.get() < Lookups.STUCK) {
            assertThrows(TimeoutException.class, () -> lookups.ask("k", this::hang));
            Thread.sleep(10);
        }
        assertEquals(Lookups.STUCK, asked.get());
        for (int i = 0; i < 10; i++) {
            Thread.sleep(10);
            assertThrows(TimeoutException.class, () -> lookups.ask("k", this::hang));
        }
        assertEquals(Lookups.STUCK, asked.get());
        end.countDown();
        String answer = null;
        while (answer == null) {
            try {
                answer = lookups.ask("k", () -> "again");
            } catch (TimeoutException e) {
                Thread.sleep(5);
            }
        }
        assertTrue(List.of("again", "late").contains(answer), answer);
    }

    @Test
    void one_that_hears_interrupts_is_over_at_its_limit() throws Exception {
        Lookups<String> lookups = lookups(1, 100);
        CountDownLatch interrupted = new CountDownLatch(1);
        assertThrows(TimeoutException.class, () -> lookups.ask("k", () -> {
            try {
                return String.valueOf(new CountDownLatch(1).await(1, TimeUnit.HOURS));
            } finally {
                interrupted.countDown();
            }
        }));
        assertTrue(interrupted.await(20, TimeUnit.SECONDS));
    }

    @Test
    void without_a_free_thread_the_time_ends_too_and_later_it_is_asked_anew() throws Exception {
        Lookups<String> lookups = lookups(1, 50);
        assertThrows(TimeoutException.class, () -> lookups.ask("k", this::hang));
        assertThrows(TimeoutException.class, () -> lookups.ask("waits", () -> "first"));
        end.countDown();
        String answer = null;
        while (answer == null) {
            try {
                answer = lookups.ask("waits", () -> "second");
            } catch (TimeoutException e) {
                Thread.sleep(5);
            }
        }
        assertTrue(List.of("first", "second").contains(answer), answer);
    }

    @Test
    void what_it_throws_is_told_and_not_kept() throws Exception {
        Lookups<String> lookups = lookups(1, 10_000);
        for (Throwable theirs : List.of(new IllegalStateException("x"), new NoClassDefFoundError("y"))) {
            ExecutionException told = assertThrows(ExecutionException.class, () -> lookups.ask("k", () -> {
                if (theirs instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) theirs;
            }));
            assertSame(theirs, told.getCause());
        }
        assertEquals("fine", lookups.ask("k", () -> "fine"));
    }
}
