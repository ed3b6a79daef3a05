// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * The keys and how they follow each other: the next one is published before it signs, the previous one after. Immutable.
 *
 * @param current  signs
 * @param next     is published, and signs after the next step; null: none
 * @param previous signs no more, and is published until the next step; null: none
 */
record KeyRing(Held current, Held next, Held previous) {
    /** @param since when it came to its place */
    record Held(SigningKey key, Instant since) {}

    KeyRing {
        if (current == null || next != null && previous != null) {
            throw new IllegalArgumentException("a next and a previous key are never there together");
        }
        Held other = next == null ? previous : next;
        if (other != null && other.key().id().equals(current.key().id())) {
            throw new IllegalArgumentException("a key can't follow itself");
        }
    }

    static KeyRing of(SigningKey first, Instant now) {
        return new KeyRing(new Held(first, now), null, null);
    }

    RotationStep nextStep() {
        if (next != null) {
            return RotationStep.SIGN;
        }
        return previous != null ? RotationStep.DROP : RotationStep.PUBLISH;
    }

    /** @param fresh for the step that publishes; the others don't use it */
    KeyRing after(RotationStep step, SigningKey fresh, Instant now) {
        if (step != nextStep()) {
            throw new IllegalArgumentException("not the step that follows");
        }
        return switch (step) {
            case FIRST -> throw new IllegalStateException("there are keys");
            case PUBLISH -> new KeyRing(current, new Held(fresh, now), null);
            case SIGN -> new KeyRing(new Held(next.key(), now), null, new Held(current.key(), now));
            case DROP -> new KeyRing(current, null, null);
        };
    }

    /** When the next step is due; null: never by itself. */
    Instant due(RotationSchedule schedule) {
        if (!schedule.on()) {
            return null;
        }
        return switch (nextStep()) {
            case FIRST -> throw new IllegalStateException("there are keys");
            case PUBLISH -> current.since().plus(schedule.interval()).minus(schedule.announce());
            case SIGN -> next.since().plus(schedule.announce());
            case DROP -> previous.since().plus(schedule.announce());
        };
    }

    /** All that are published; the one that signs first. */
    List<SigningKey> published() {
        return Stream.of(current, next, previous)
                .filter(java.util.Objects::nonNull)
                .map(Held::key)
                .toList();
    }
}
