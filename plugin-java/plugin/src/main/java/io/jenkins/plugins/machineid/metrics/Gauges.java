// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.metrics;

import io.jenkins.plugins.machineid.lease.DroppedClaims;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.warning.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What is looked up for each gauge, when it is read. */
final class Gauges {
    /** Identities that have gauges of their own: each is several series. */
    static final int MOST_IDENTITIES = 200;

    private Gauges() {}

    /** Those whose names never change, by their keys. */
    static Map<String, Supplier<Number>> fixed() {
        Map<String, Supplier<Number>> gauges = new LinkedHashMap<>();
        gauges.put(Metric.LEASES.key(), () -> Levels.now().load().held());
        gauges.put(Metric.LEASES_OWED.key(), () -> Levels.now().load().owed());
        gauges.put(Metric.BLOCKS_WAITING.key(), () -> Levels.now().load().blocksWaiting());
        gauges.put(Metric.CLAIMS_DROPPED.key(), DroppedClaims::number);
        gauges.put(Metric.JOINS_QUEUED.key(), () -> Levels.now().load().joinsQueued());
        for (Condition condition : Condition.values()) {
            gauges.put(
                    Metric.IDENTITIES.key(condition.word()),
                    () -> Levels.now().conditions().getOrDefault(condition, 0));
        }
        for (Cause cause : Cause.values()) {
            gauges.put(Metric.WARNINGS.key(cause.word()), () -> Levels.now().warnings().getOrDefault(cause, 0));
        }
        return gauges;
    }

    /**
     * What stands for identities in names, by their ids.
     *
     * @param ids the first ones have metrics of their own, if there are very many
     */
    static Map<String, String> words(List<String> ids) {
        Map<String, String> words = new LinkedHashMap<>();
        for (String id : ids.subList(0, Math.min(ids.size(), MOST_IDENTITIES))) {
            words.put(id, word(id, words.values()));
        }
        return words;
    }

    /** Those of the identities that are configured, by what stands for them. */
    static Map<String, Supplier<Number>> of(Map<String, String> words) {
        Map<String, Supplier<Number>> gauges = new LinkedHashMap<>();
        words.forEach((id, word) -> {
            gauges.put(Metric.IDENTITY_REMAINING_SECONDS.key(word), () -> remaining(Levels.now().first().get(id)));
            gauges.put(Metric.IDENTITY_FAILING.key(word), () -> Levels.now().failing().getOrDefault(id, 0));
        });
        return gauges;
    }

    /** Of two ids that look the same as a part of a name, the second has a number: one series can't be there twice. */
    private static String word(String id, Collection<String> taken) {
        String word = id.replaceAll("[^A-Za-z0-9_]", "_");
        String free = word;
        for (int number = 2; taken.contains(free); number++) {
            free = word + "_" + number;
        }
        return free;
    }

    /** Null, which is shown as nothing: it isn't known. */
    private static Number remaining(Instant expires) {
        return expires == null ? null : Duration.between(Instant.now(), expires).toMillis() / 1000.0;
    }
}
