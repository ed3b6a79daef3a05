// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.issuer.Pace;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** Those who are about to join one cluster, so that many at once don't meet its limit: first joins, renewals, and joins after a restart. */
final class JoinQueue {
    /** By the address of the cluster. */
    private static final Map<String, JoinQueue> ALL = new ConcurrentHashMap<>();

    private final Pace pace = new Pace();
    private final AtomicBoolean clock = new AtomicBoolean();

    private JoinQueue() {}

    static JoinQueue of(String address) {
        return ALL.computeIfAbsent(address, unused -> new JoinQueue());
    }

    /**
     * @param again as {@link Pace#enter} has it
     * @return done when it is its turn, on a thread that may only hand work on; to be cancelled by whoever doesn't want it any more
     */
    CompletableFuture<Void> enter(String job, boolean again) {
        CompletableFuture<Void> place = pace.enter(job, again);
        letGo();
        return place;
    }

    /** How many wait. */
    int length() {
        return pace.length();
    }

    /** How many wait, at all clusters. */
    static int all() {
        return ALL.values().stream().mapToInt(JoinQueue::length).sum();
    }

    /** How many of them are blocks that join for the first time. */
    static int blocks() {
        return ALL.values().stream().mapToInt(queue -> queue.pace.firsts()).sum();
    }

    private void letGo() {
        Duration next = pace.letGo(System.nanoTime());
        if (next != null && clock.compareAndSet(false, true)) {
            AgentWork.later(next.toMillis() + 1, () -> {
                clock.set(false);
                letGo();
            });
        }
    }
}
