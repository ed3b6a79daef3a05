// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Agents that are to be visited, each once however often it is asked for. However many come at a time, for example after a
 * restart of the controller: what waits is a name, and there are no more tasks than agents that are visited at once.
 */
final class Visits {
    /** At once. */
    static final int MOST = 64;

    private static final Logger LOGGER = Logger.getLogger(Visits.class.getName());

    /** Begins a task that is called once. */
    interface Begin {
        /** @throws RejectedExecutionException when it can't be begun now */
        void task(Runnable task);
    }

    private record Visit(String node, Runnable work) {}

    private final Begin begin;
    private final Consumer<String> done;
    private final Queue<Visit> waiting = new ArrayDeque<>();
    private final Set<String> known = new HashSet<>();
    private int tasks;

    /** @param done is told of each node when its visit is over, which may be asked for again then */
    Visits(Begin begin, Consumer<String> done) {
        this.begin = begin;
        this.done = done;
    }

    /**
     * Waits for nothing.
     *
     * @return false: a visit waits already, or is under way, or none can be made now
     */
    boolean add(String node, Runnable work) {
        Visit visit = new Visit(node, work);
        synchronized (this) {
            if (!known.add(node)) {
                return false;
            }
            if (tasks == MOST) {
                waiting.add(visit);
                return true;
            }
            tasks++;
        }
        try {
            begin.task(() -> work(visit));
            return true;
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // No thread could be made. What waits goes with the next task.
            synchronized (this) {
                tasks--;
                known.remove(node);
            }
            return false;
        }
    }

    private void work(Visit first) {
        Visit visit = first;
        while (visit != null) {
            try {
                visit.work().run();
            } catch (RuntimeException | Error e) {
                LOGGER.log(Level.WARNING, e, agent(visit));
            }
            String node = visit.node();
            synchronized (this) {
                known.remove(node);
                visit = waiting.poll();
                tasks -= visit == null ? 1 : 0;
            }
            done.accept(node);
        }
    }

    private static java.util.function.Supplier<String> agent(Visit visit) {
        String node = visit.node();
        return () -> "the visit of agent " + node + " ended unexpectedly";
    }

    /** Agents that wait. */
    synchronized int waiting() {
        return waiting.size();
    }
}
