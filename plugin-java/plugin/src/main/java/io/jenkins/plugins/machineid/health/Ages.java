// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.Messages;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** How long ago something was, or how long it takes until then: roughly. */
final class Ages {
    private Ages() {}

    /** @param time null: never */
    static String ago(Instant time, Instant now) {
        if (time == null) {
            return "";
        }
        Duration age = Duration.between(time, now);
        return age.getSeconds() < 1 ? Messages.Health_now() : Messages.Health_ago(rough(age));
    }

    /** @param time null: never */
    static String until(Instant time, Instant now) {
        if (time == null) {
            return "";
        }
        Duration left = Duration.between(now, time);
        return left.isNegative() || left.isZero() ? Messages.Health_over(rough(left.negated())) : Messages.Health_in(rough(left));
    }

    /** To the second, as RFC 3339 in UTC; null where there is none. */
    static String time(Instant time) {
        return time == null ? null : time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    static String rough(Duration length) {
        long seconds = Math.max(0, length.getSeconds());
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 2 * 3600) {
            return seconds / 60 + " min";
        }
        return seconds < 2 * 86400 ? seconds / 3600 + " h" : seconds / 86400 + " d";
    }
}
