// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.metrics;

import io.jenkins.plugins.machineid.lease.LeaseLoad;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.warning.Cause;
import io.jenkins.plugins.machineid.warning.Facts;
import io.jenkins.plugins.machineid.warning.WarningBoard;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * How things stand at one moment, as numbers.
 *
 * @param conditions how many identities on agents stand so
 * @param first when each identity expires on the first of its agents
 * @param failing on how many agents something goes wrong with each identity
 */
record Levels(
        LeaseLoad load,
        Map<Cause, Integer> warnings,
        Map<Condition, Integer> conditions,
        Map<String, Instant> first,
        Map<String, Integer> failing) {
    /** How old they may be: a scrape asks for all of them at once. */
    private static final Duration FRESH = Duration.ofSeconds(2);

    private record Read(long at, Levels levels) {}

    private static Read latest;

    static synchronized Levels now() {
        long now = System.nanoTime();
        if (latest == null || now - latest.at() > FRESH.toNanos()) {
            WarningBoard board = WarningBoard.get();
            latest = new Read(now, of(LeaseLoad.now(), board.counts(), board.facts()));
        }
        return latest.levels();
    }

    static Levels of(LeaseLoad load, Map<Cause, Integer> warnings, Facts facts) {
        Map<Condition, Integer> conditions = new EnumMap<>(Condition.class);
        Map<String, Instant> first = new HashMap<>();
        Map<String, Integer> failing = new HashMap<>();
        for (Facts.Member member : facts.members()) {
            conditions.merge(member.condition(), 1, Integer::sum);
            if (member.expires() != null) {
                first.merge(member.identity(), member.expires(), (one, other) -> one.isBefore(other) ? one : other);
            }
            if (!member.code().isEmpty()) {
                failing.merge(member.identity(), 1, Integer::sum);
            }
        }
        return new Levels(load, warnings, conditions, first, failing);
    }
}
