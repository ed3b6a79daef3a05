// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
    /** Near the end of the clock's range: it is compared by differences alone. */
    private static final long BEGIN = Long.MAX_VALUE - Duration.ofMinutes(1).toNanos();

    private final Pace pace = new Pace();

    @Test
    void aThousandInAMinuteQueueUpAndNoneIsRefused() {
        for (int n = 0; n < Pace.BURST; n++) {
            assertEquals(Duration.ZERO, pace.reserve(BEGIN));
        }
        for (int n = 1; n <= 1000; n++) {
            assertEquals(Pace.INTERVAL.multipliedBy(n), pace.reserve(BEGIN));
        }
    }

    @Test
    void noWindowOfAMinuteHasMoreThanTheProxyTakes() {
        long[] goes = new long[2000];
        for (int n = 0; n < goes.length; n++) {
            long now = BEGIN + Duration.ofMillis(40L * n).toNanos();
            goes[n] = now - BEGIN + pace.reserve(now).toNanos();
        }
        // A bucket of 480 that fills by two a second, from which each takes two.
        double left = 480;
        for (int n = 1; n < goes.length; n++) {
            left = Math.min(480, left + (goes[n] - goes[n - 1]) / 1e9 * 2) - 2;
            assertTrue(left >= 0, "number " + n + " would be refused");
        }
    }

    @Test
    void whoComesAfterAQuietTimeDoesNotWait() {
        for (int n = 0; n < 2 * Pace.BURST; n++) {
            pace.reserve(BEGIN);
        }
        long later = BEGIN + Pace.INTERVAL.toNanos() * 3 * Pace.BURST;
        for (int n = 0; n < Pace.BURST; n++) {
            assertEquals(Duration.ZERO, pace.reserve(later));
        }
        assertEquals(Pace.INTERVAL, pace.reserve(later));
    }
}
