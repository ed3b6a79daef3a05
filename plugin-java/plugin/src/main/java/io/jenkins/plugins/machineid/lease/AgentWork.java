// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.security.ACL;
import hudson.security.ACLContext;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The controller's threads that wait for agents. What is more than an agent may have waits in a queue, without a
 * thread: an agent that hangs takes no more than these, and none of another agent's.
 */
public final class AgentWork {
    /** What for, and how many threads at most. */
    public enum Kind {
        /** Handing a request to a channel, which blocks where an agent doesn't read. */
        SEND(1, Integer.MAX_VALUE, 1000),
        /** Blocks that are set up. */
        SET_UP(8, 256, Integer.MAX_VALUE),
        /** Leases of blocks that are over. */
        RELEASE(4, 128, Integer.MAX_VALUE),
        /** Leases that join once more. */
        AGAIN(8, 256, Integer.MAX_VALUE),
        /** The rounds of each minute. */
        UPKEEP(1, 64, 1000),
        /** The policy's rounds, one at a time: with many blocks and folders one may last. */
        POLICY(1, 1, Integer.MAX_VALUE),
        /** Nothing that waits for an agent: telling Pipeline how a block ended. */
        LOCAL(4, 4, Integer.MAX_VALUE);

        final int threadsPerAgent;
        private final int longestQueue;
        private final ThreadPoolExecutor pool;

        Kind(int threadsPerAgent, int threads, int longestQueue) {
            this.threadsPerAgent = threadsPerAgent;
            this.longestQueue = longestQueue;
            ThreadPoolExecutor executor = threads == Integer.MAX_VALUE
                    ? new ThreadPoolExecutor(0, threads, 30, TimeUnit.SECONDS, new java.util.concurrent.SynchronousQueue<>(), new Named(name()))
                    : new ThreadPoolExecutor(threads, threads, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), new Named(name()));
            executor.allowCoreThreadTimeOut(true);
            this.pool = executor;
        }
    }

    /** How the threads' names begin. */
    static final String THREADS = "machine-id-";

    private static final Logger LOGGER = Logger.getLogger(AgentWork.class.getName());
    private static final ScheduledExecutorService CLOCK = clock();
    private static final Map<String, Lane> LANES = new HashMap<>();

    private AgentWork() {}

    private static final class Lane {
        final Deque<FutureTask<?>> queue = new ArrayDeque<>();
        int running;
    }

    /**
     * @param node name of the agent's node
     * @throws RejectedExecutionException when far too much is waiting
     */
    public static Future<?> submit(Kind kind, String node, Runnable work) {
        FutureTask<?> task = new FutureTask<>(() -> asSystem(work), null);
        String key = kind + " " + node;
        synchronized (LANES) {
            Lane lane = LANES.computeIfAbsent(key, unused -> new Lane());
            if (lane.running >= kind.threadsPerAgent) {
                if (lane.queue.size() >= kind.longestQueue) {
                    throw new RejectedExecutionException(key);
                }
                lane.queue.add(task);
                return task;
            }
            lane.running++;
        }
        try {
            kind.pool.execute(() -> drain(key, task));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // No thread could be made. The agent's next task must not wait for this one.
            synchronized (LANES) {
                ended(key);
            }
            throw e;
        }
        return task;
    }

    /** How many tasks wait for a thread of their agent's, or of the pool. */
    static int queued(Kind kind) {
        // In between, one may be counted twice: it is a number for people.
        int ofPool = kind.pool.getQueue().size();
        synchronized (LANES) {
            return ofPool
                    + LANES.entrySet().stream()
                            .filter(lane -> lane.getKey().startsWith(kind + " "))
                            .mapToInt(lane -> lane.getValue().queue.size())
                            .sum();
        }
    }

    /** Threads of a pool have whatever user made them, or none: what they may see must not hang on that. */
    @SuppressWarnings("try")
    private static void asSystem(Runnable work) {
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            work.run();
        }
    }

    /**
     * Does all of it, several at a time, and waits for it. Not from work of the same kind.
     *
     * @throws InterruptedException what has begun goes on
     */
    static void all(Kind kind, String node, List<Runnable> work) throws InterruptedException {
        List<Future<?>> under = work.stream().<Future<?>>map(each -> submit(kind, node, each)).toList();
        for (Future<?> each : under) {
            try {
                each.get();
            } catch (ExecutionException e) {
                LOGGER.log(Level.WARNING, e.getCause(), () -> "work for agent " + node + " ended unexpectedly");
            }
        }
    }

    /**
     * Does something on a thread of its own after a while: it may only hand work on.
     *
     * @param delay milliseconds
     */
    public static Future<?> later(long delay, Runnable work) {
        return CLOCK.schedule(work, delay, TimeUnit.MILLISECONDS);
    }

    private static ScheduledExecutorService clock() {
        ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, new Named("later"));
        clock.setRemoveOnCancelPolicy(true);
        return clock;
    }

    private static void ended(String key) {
        Lane lane = LANES.get(key);
        // What waits goes with the agent's next task.
        if (--lane.running == 0 && lane.queue.isEmpty()) {
            LANES.remove(key);
        }
    }

    private static void drain(String key, FutureTask<?> first) {
        FutureTask<?> task = first;
        while (task != null) {
            task.run();
            // A cancel that came too late must not interrupt the next one.
            Thread.interrupted();
            synchronized (LANES) {
                Lane lane = LANES.get(key);
                task = lane.queue.poll();
                if (task == null && --lane.running == 0) {
                    LANES.remove(key);
                }
            }
        }
    }

    private static final class Named implements ThreadFactory {
        private final String kind;
        private final AtomicInteger number = new AtomicInteger();

        Named(String kind) {
            this.kind = kind;
        }

        @Override
        public Thread newThread(Runnable work) {
            Thread thread = new Thread(work, THREADS + kind.toLowerCase(java.util.Locale.ROOT) + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        }
    }
}
