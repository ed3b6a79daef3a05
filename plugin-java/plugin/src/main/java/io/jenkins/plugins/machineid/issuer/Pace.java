// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.time.Duration;

/**
 * How fast statements are handed out. A Teleport proxy takes 120 requests a minute from one address on average, and 480 at
 * once; a join is two of them, and all agents may stand behind one address.
 */
public final class Pace {
    /** So many go at once, where there was nothing for a while. */
    static final int BURST = 200;
    /** Then one after each such interval. */
    static final Duration INTERVAL = Duration.ofSeconds(1);

    /** When the next one would go if none had gone at once. */
    private long due;
    private boolean begun;

    /**
     * Takes a place in the queue.
     *
     * @param now nanoseconds of a clock that only goes on
     * @return how long to wait for it; zero: none
     */
    public synchronized Duration reserve(long now) {
        long earliest = now - (BURST - 1) * INTERVAL.toNanos();
        long mine = begun && due - earliest > 0 ? due : earliest;
        begun = true;
        due = mine + INTERVAL.toNanos();
        return Duration.ofNanos(Math.max(0, mine - now));
    }
}
