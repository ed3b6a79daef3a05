// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** When a lease that is held joins once more: at its time, and in its turn. */
final class Renewal {
    /** From one statement of a lease to the next, also when one failed: an agent says itself when certificates end. */
    static volatile Duration leastPause = Duration.ofSeconds(30);

    private final String node;
    private final String job;
    private final Supplier<Optional<JoinQueue>> queue;

    /** When a fresh statement is due; null: the library renews by itself. */
    private Instant due;

    /** When something was last signed for it, or it last began from nothing; null: never. */
    private Instant last;

    /** Its place in the queue, when it is about to join once more; null: it isn't. */
    private CompletableFuture<Void> turn;

    /** @param queue as the configuration has it when it is asked; none where nothing is signed */
    Renewal(String node, String job, Supplier<Optional<JoinQueue>> queue) {
        this.node = node;
        this.job = job;
        this.queue = queue;
    }

    /** Half of what is left, so that there is time for several tries. */
    void plan(Instant now, Instant expires) {
        Duration half = Duration.between(now, expires).dividedBy(2);
        Instant next = now.plus(half.compareTo(leastPause) < 0 ? leastPause : half);
        synchronized (this) {
            due = next;
        }
        Maintenance.visitAt(node, next);
    }

    /** Whether it is time, and its turn. True once, however many rounds ask; then the next try is due a pause later. */
    synchronized boolean begin() {
        if (due == null) {
            return false;
        }
        Instant now = Instant.now();
        Instant next = last != null && last.plus(leastPause).isAfter(due) ? last.plus(leastPause) : due;
        if (now.isBefore(next)) {
            // Whoever asks a moment early, as timers of another clock may, would leave it to the next round: too late for
            // certificates of a minute.
            if (next.isBefore(now.plus(Maintenance.ROUND))) {
                Maintenance.visitAt(node, next);
            }
            return false;
        }
        if (!isTurn()) {
            return false;
        }
        due = now.plus(leastPause);
        return true;
    }

    /** Whether a lease that isn't held may join, as {@link #begin}: an agent that comes and goes gets no flood. */
    synchronized boolean beginAnew() {
        if (!isPauseOver()) {
            Maintenance.visitAt(node, last.plus(leastPause));
            return false;
        }
        if (!isTurn()) {
            return false;
        }
        stated();
        return true;
    }

    /** Something is signed for it now: the next time is a pause later, whatever the agent does meanwhile. */
    synchronized void stated() {
        last = Instant.now();
    }

    synchronized boolean isPauseOver() {
        return last == null || !Instant.now().isBefore(last.plus(leastPause));
    }

    /** Whether the lease may join now; if not, its agent is visited when it may. */
    synchronized boolean isTurn() {
        if (turn == null) {
            turn = queue.get().map(each -> each.enter(job, true)).orElse(CompletableFuture.completedFuture(null));
            if (!turn.isDone()) {
                turn.thenRun(() -> Maintenance.visitNow(node));
            }
        }
        boolean come = turn.isDone();
        turn = come ? null : turn;
        return come;
    }

    /** The lease is over: nobody waits for a place any more. */
    synchronized void leaveQueue() {
        if (turn != null) {
            turn.cancel(false);
            turn = null;
        }
    }
}
