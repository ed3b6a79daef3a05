// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PaceTest {
    /** Near the end of the clock's range: it is compared by differences alone. */
    private static final long BEGIN = Long.MAX_VALUE - Duration.ofMinutes(1).toNanos();

    private final Pace pace = new Pace();

    private List<CompletableFuture<Void>> enter(String job, int number) {
        return IntStream.range(0, number).mapToObj(n -> pace.enter(job, false)).toList();
    }

    private static long gone(List<CompletableFuture<Void>> places) {
        return places.stream().filter(CompletableFuture::isDone).count();
    }

    private static long after(long intervals) {
        return BEGIN + Pace.INTERVAL.multipliedBy(intervals).toNanos();
    }

    @Test
    void aThousandInAMinuteQueueUpAndNoneIsRefused() {
        List<CompletableFuture<Void>> places = enter("a", Pace.BURST + 1000);
        for (int n = 0; n < 1000; n++) {
            assertEquals(Pace.INTERVAL, pace.letGo(after(n)));
            assertEquals(Pace.BURST + n, gone(places));
        }
        assertNull(pace.letGo(after(1000)));
        assertEquals(places.size(), gone(places));
    }

    @Test
    void noWindowOfAMinuteHasMoreThanTheProxyTakes() {
        List<Long> goes = new ArrayList<>();
        long[] now = {0};
        for (; now[0] < 2000_000; now[0] += 40) {
            if (now[0] < 80_000) {
                pace.enter("a", false).thenRun(() -> goes.add(now[0]));
            }
            pace.letGo(BEGIN + Duration.ofMillis(now[0]).toNanos());
        }
        assertEquals(2000, goes.size());
        // A bucket that fills, from which each takes some.
        double most = Vocabulary.limit("proxy_requests_at_once");
        double perSecond = Vocabulary.limit("proxy_requests_per_minute") / 60.0;
        double left = most;
        for (int n = 1; n < goes.size(); n++) {
            left = Math.min(most, left + (goes.get(n) - goes.get(n - 1)) / 1e3 * perSecond) - Vocabulary.limit("join_requests");
            assertTrue(left >= 0, "number " + n + " would be refused");
        }
    }

    @Test
    void whoComesAfterAQuietTimeDoesNotWait() {
        enter("a", 2 * Pace.BURST);
        pace.letGo(BEGIN);
        assertNull(pace.letGo(after(Pace.BURST)));
        List<CompletableFuture<Void>> later = enter("a", Pace.BURST + 1);
        assertEquals(Pace.INTERVAL, pace.letGo(after(3 * Pace.BURST)));
        assertEquals(Pace.BURST, gone(later));
    }

    @Test
    void aJobThatAsksForThousandsHoldsUpNoOther() {
        enter("greedy", 10_000);
        pace.letGo(BEGIN);
        List<CompletableFuture<Void>> others = List.of(pace.enter("b", false), pace.enter("c", false), pace.enter("b", false));
        pace.letGo(after(5));
        assertEquals(3, gone(others));
    }

    @Test
    void whatIsAbortedTakesNobodysPlace() {
        List<CompletableFuture<Void>> aborted = enter("a", 10_000);
        pace.letGo(BEGIN);
        assertEquals(10_000 - Pace.BURST, pace.length());
        aborted.forEach(place -> place.cancel(true));
        assertEquals(0, pace.length());
        CompletableFuture<Void> next = pace.enter("a", false);
        assertNull(pace.letGo(after(1)));
        assertTrue(next.isDone() && !next.isCancelled());
    }

    /** More blocks than go at once, all with certificates of the same ten minutes, while a thousand builds of other jobs wait to begin. */
    @Test
    void certificatesOfTenMinutesOutliveAFullQueue() {
        long life = 600;
        int blocks = 220;
        long[] ends = new long[blocks];
        Arrays.fill(ends, life);
        List<CompletableFuture<Void>> turns = new ArrayList<>(Collections.nCopies(blocks, null));
        List<CompletableFuture<Void>> begin = new ArrayList<>();
        enter("before", Pace.BURST);
        pace.letGo(BEGIN);
        for (int n = 0; n < 1000; n++) {
            begin.add(pace.enter("first-" + n, false));
        }
        for (long now = 0; now < 3600; now++) {
            for (int n = 0; n < blocks; n++) {
                assertTrue(now < ends[n], "block " + n + " has no certificates at " + now);
                CompletableFuture<Void> turn = turns.get(n);
                if (turn != null && turn.isDone()) {
                    ends[n] = now + life;
                    turns.set(n, null);
                } else if (turn == null && ends[n] - now <= life / 2) {
                    turns.set(n, pace.enter("long-" + n, true));
                }
            }
            pace.letGo(BEGIN + Duration.ofSeconds(now).toNanos());
        }
        assertEquals(1000, gone(begin), "and all of them begin");
    }

    /** One that renews all the time lets others begin. */
    @Test
    void aJobThatRenewsAllTheTimeShutsNobodyOut() {
        for (int n = 0; n < 10_000; n++) {
            pace.enter("greedy", true);
        }
        pace.letGo(BEGIN);
        List<CompletableFuture<Void>> others = enter("b", 3);
        pace.letGo(after(3 * Pace.FIRSTS));
        assertEquals(3, gone(others));
    }
}
