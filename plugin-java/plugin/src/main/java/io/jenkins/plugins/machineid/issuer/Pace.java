// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * How fast statements are handed out. A Teleport proxy takes so many requests a minute from one address on average, and so
 * many at once; a join is two of them, and all agents may stand behind one address. {@code make fleet} shows what comes of it.
 *
 * <p>Jobs take turns: one that asks for thousands of places holds up no other. Who has certificates that will end goes before
 * who has none yet, but for each fourth place: else one job with many short-lived certificates would let nobody begin.
 */
public final class Pace {
    /** So many go at once, where there was nothing for a while. */
    static final int BURST = Vocabulary.limit("joins_at_once");

    /** Then one after each such interval. */
    static final Duration INTERVAL = Duration.ofMillis(Vocabulary.limit("join_interval_ms"));

    /** Of so many places one is for those who join for the first time, if any wait. */
    static final int FIRSTS = 4;

    /** By job; first the one whose turn it is. */
    private final Map<String, Deque<CompletableFuture<Void>>> renewals = new LinkedHashMap<>();

    /** As above. */
    private final Map<String, Deque<CompletableFuture<Void>>> firsts = new LinkedHashMap<>();

    /** How many renewals went since the last first join. */
    private int inARow;

    /** When the next one would go if none had gone at once. */
    private long due;

    private boolean begun;

    /**
     * Takes a place in the queue.
     *
     * @param again it has joined before, and serves on until its certificates end
     * @return done by {@link #letGo} when it is its turn; whoever doesn't want it any more cancels it, and nobody waits for it
     */
    public synchronized CompletableFuture<Void> enter(String job, boolean again) {
        CompletableFuture<Void> place = new CompletableFuture<>();
        (again ? renewals : firsts).computeIfAbsent(job, unused -> new ArrayDeque<>()).add(place);
        return place;
    }

    /** How many wait; what was aborted doesn't. */
    public synchronized int length() {
        return length(renewals) + length(firsts);
    }

    /** How many of them join for the first time. */
    public synchronized int firsts() {
        return length(firsts);
    }

    private static int length(Map<String, Deque<CompletableFuture<Void>>> waiting) {
        return (int) waiting.values().stream()
                .flatMap(Deque::stream)
                .filter(place -> !place.isDone())
                .count();
    }

    /**
     * Lets all go whose turn it is.
     *
     * @param now nanoseconds of a clock that only goes on
     * @return how long until the next one's turn; null: nobody waits
     */
    public Duration letGo(long now) {
        while (true) {
            CompletableFuture<Void> next;
            synchronized (this) {
                dropCancelled(renewals);
                dropCancelled(firsts);
                if (renewals.isEmpty() && firsts.isEmpty()) {
                    return null;
                }
                long earliest = now - (BURST - 1) * INTERVAL.toNanos();
                long mine = begun && due - earliest > 0 ? due : earliest;
                if (mine - now > 0) {
                    return Duration.ofNanos(mine - now);
                }
                begun = true;
                due = mine + INTERVAL.toNanos();
                boolean first = renewals.isEmpty() || (inARow >= FIRSTS - 1 && !firsts.isEmpty());
                inARow = first ? 0 : inARow + 1;
                next = poll(first ? firsts : renewals);
            }
            // What follows isn't done under the lock.
            next.complete(null);
        }
    }

    /** Until the first place of the first job is one that somebody wants. */
    private static void dropCancelled(Map<String, Deque<CompletableFuture<Void>>> waiting) {
        Iterator<Deque<CompletableFuture<Void>>> jobs = waiting.values().iterator();
        while (jobs.hasNext()) {
            Deque<CompletableFuture<Void>> places = jobs.next();
            while (!places.isEmpty() && places.peek().isDone()) {
                places.poll();
            }
            if (!places.isEmpty()) {
                return;
            }
            jobs.remove();
        }
    }

    /** The first place of the job whose turn it is; that job's next turn is after all others'. */
    private static CompletableFuture<Void> poll(Map<String, Deque<CompletableFuture<Void>>> waiting) {
        String job = waiting.keySet().iterator().next();
        Deque<CompletableFuture<Void>> places = waiting.remove(job);
        CompletableFuture<Void> first = places.poll();
        if (!places.isEmpty()) {
            waiting.put(job, places);
        }
        return first;
    }
}
