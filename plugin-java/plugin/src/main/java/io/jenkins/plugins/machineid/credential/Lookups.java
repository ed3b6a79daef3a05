// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Questions that may never be answered, on a fixed few threads of their own. Of one key there is one at a time: who asks
 * meanwhile shares its answer and what is left of its time. After that time it is interrupted, nobody waits for it any
 * more, and after a pause it is asked anew; a key that hangs each time takes {@link #STUCK} threads and no more.
 */
final class Lookups<T> {
    static final int STUCK = 3;
    /** When one is given up, in times of its limit. */
    private static final int PAUSE = 3;

    private final long limitNanos;
    private final ThreadPoolExecutor pool;
    private final Map<String, Flight> flights = new HashMap<>();
    /** How many of a key have a thread, or wait for one. */
    private final Map<String, Integer> begun = new HashMap<>();

    private final class Flight {
        final CompletableFuture<T> answer = new CompletableFuture<>();
        final long since = System.nanoTime();
        /** Null: it waits for a thread, or has ended. */
        Thread thread;

        long age() {
            return System.nanoTime() - since;
        }
    }

    Lookups(String name, int threads, long limit, TimeUnit unit) {
        limitNanos = unit.toNanos(limit);
        pool = new ThreadPoolExecutor(threads, threads, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(1000), work -> {
            Thread thread = new Thread(work, "machineid-" + name);
            thread.setDaemon(true);
            return thread;
        });
        pool.allowCoreThreadTimeOut(true);
    }

    /** @throws ExecutionException with what the question threw */
    T ask(String key, Callable<T> question) throws ExecutionException, InterruptedException, TimeoutException {
        Flight flight;
        synchronized (flights) {
            flight = flights.get(key);
            if (flight == null || flight.age() > PAUSE * limitNanos && begun.getOrDefault(key, 0) < STUCK) {
                flight = new Flight();
                flights.put(key, flight);
                begin(key, flight, question);
            }
        }
        try {
            return flight.answer.get(Math.max(0, limitNanos - flight.age()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            synchronized (flights) {
                if (flight.thread != null) {
                    flight.thread.interrupt();
                }
            }
            throw e;
        }
    }

    private void begin(String key, Flight flight, Callable<T> question) {
        begun.merge(key, 1, Integer::sum);
        try {
            pool.execute(() -> run(key, flight, question));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            ended(key, flight);
            flight.answer.completeExceptionally(e);
        }
    }

    private void run(String key, Flight flight, Callable<T> question) {
        synchronized (flights) {
            flight.thread = Thread.currentThread();
        }
        T value = null;
        Throwable failure = null;
        try {
            value = question.call();
        } catch (Throwable e) {
            failure = e;
        }
        // Before anybody hears of it: who asks from now on asks anew.
        ended(key, flight);
        if (failure == null) {
            flight.answer.complete(value);
        } else {
            flight.answer.completeExceptionally(failure);
        }
    }

    private void ended(String key, Flight flight) {
        synchronized (flights) {
            flight.thread = null;
            flights.remove(key, flight);
            begun.computeIfPresent(key, (unused, count) -> count == 1 ? null : count - 1);
        }
    }

    /** Done when a thread is free; dropped when far too much is waiting. */
    void later(Runnable work) {
        try {
            pool.execute(work);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // Nothing depends on it.
        }
    }
}
