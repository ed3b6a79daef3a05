// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.time.Duration;

/**
 * When keys are changed without a button.
 *
 * @param interval from the day a key begins to sign to the day the next one does; zero: never
 * @param announce how long the next key is published before it signs, and the old one after; at most half the interval
 */
record RotationSchedule(Duration interval, Duration announce) {
    static final RotationSchedule OFF = new RotationSchedule(Duration.ZERO, Duration.ZERO);

    static RotationSchedule ofDays(int interval, int announce) {
        Duration every = Duration.ofDays(interval);
        Duration half = every.dividedBy(2);
        Duration before = Duration.ofDays(announce);
        return new RotationSchedule(every, before.compareTo(half) > 0 ? half : before);
    }

    boolean on() {
        return !interval.isZero();
    }
}
