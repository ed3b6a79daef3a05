// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The warnings as they are now, and which of them were dismissed. They are asked for on each page: what was decided
 * serves a few seconds, and everything that it is decided from is known here already.
 */
public final class WarningBoard {
    /** How old a decision may be. */
    static final Duration FRESH = Duration.ofSeconds(5);

    private static final WarningBoard INSTANCE =
            new WarningBoard(KnownFacts::now, Dismissals.ofJenkins(), Clock.systemUTC());

    private record Decided(Instant at, Facts facts, List<Warning> warnings) {}

    private final Supplier<Facts> facts;
    private final Dismissals dismissals;
    private final Clock clock;
    private Decided decided;

    WarningBoard(Supplier<Facts> facts, Dismissals dismissals, Clock clock) {
        this.facts = facts;
        this.dismissals = dismissals;
        this.clock = clock;
    }

    public static WarningBoard get() {
        return INSTANCE;
    }

    private List<Warning> warnings(Instant now) {
        return decided(now).warnings();
    }

    private synchronized Decided decided(Instant now) {
        if (decided == null || !decided.at().plus(FRESH).isAfter(now) || decided.at().isAfter(now)) {
            Facts known = facts.get();
            decided = new Decided(now, known, List.copyOf(Warnings.of(known, now)));
            dismissals.clean(decided.warnings(), now);
        }
        return decided;
    }

    /** All of them, the dismissed ones too. */
    public List<WarningLine> all() {
        Instant now = clock.instant();
        return warnings(now).stream()
                .map(warning -> new WarningLine(warning, dismissals.covers(warning, now)))
                .toList();
    }

    /** Those that are to be shown. */
    public List<WarningLine> open() {
        return all().stream().filter(line -> !line.isDismissed()).toList();
    }

    /** What they are decided from. */
    public Facts facts() {
        return decided(clock.instant()).facts();
    }

    /** How many there are of each cause, counting agents where it is about agents; dismissed ones, too. */
    public Map<Cause, Integer> counts() {
        Map<Cause, Integer> counts = new EnumMap<>(Cause.class);
        for (Cause cause : Cause.values()) {
            counts.put(cause, 0);
        }
        warnings(clock.instant()).forEach(warning -> counts.merge(warning.cause(), Math.max(1, warning.agents()), Integer::sum));
        return counts;
    }

    /** @param id of one that is there; another one, as after a change, dismisses nothing */
    void dismiss(String id) throws IOException {
        Instant now = clock.instant();
        for (Warning warning : warnings(now)) {
            if (warning.id().equals(id)) {
                dismissals.add(warning, now);
            }
        }
    }

    void restore(String id) throws IOException {
        dismissals.remove(id, clock.instant());
    }
}
