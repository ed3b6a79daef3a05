// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RenewalTest {
    private static final Duration PAUSE = Renewal.leastPause;

    private final Renewal renewal = new Renewal("no-such-node", "job", Optional::empty);

    @BeforeEach
    void shortPause() {
        Renewal.leastPause = Duration.ofMillis(300);
    }

    @AfterEach
    void pause() {
        Renewal.leastPause = PAUSE;
    }

    @Test
    void nothingBeginsBeforeItsTimeAndOnceAtIt() throws InterruptedException {
        Instant now = Instant.now();
        renewal.plan(now, now);
        assertFalse(renewal.begin());
        until(now.plus(Renewal.leastPause));
        assertTrue(renewal.begin());
        assertFalse(renewal.begin(), "the next try is a pause later");
    }

    @Test
    void whatWasSignedInTheMeantimePutsItOffByOnePauseAndNoMore() throws InterruptedException {
        Instant now = Instant.now();
        renewal.plan(now, now);
        until(now.plus(Renewal.leastPause));
        renewal.stated();
        assertFalse(renewal.begin());
        until(Instant.now().plus(Renewal.leastPause));
        assertTrue(renewal.begin());
    }

    private static void until(Instant time) throws InterruptedException {
        while (Instant.now().isBefore(time)) {
            Thread.sleep(5);
        }
    }
}
