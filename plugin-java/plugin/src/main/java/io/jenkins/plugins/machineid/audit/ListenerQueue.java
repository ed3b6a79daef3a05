// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.security.ACL;
import hudson.security.ACLContext;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What one listener is still to be told. Nobody who puts something in waits, and nothing that the listener does gets out. */
final class ListenerQueue {
    /** Events that wait; what comes then is lost. */
    static final int LONGEST = 1000;

    private static final Logger LOGGER = Logger.getLogger(ListenerQueue.class.getName());

    private final MachineIdListener listener;
    private final ThreadPoolExecutor thread;
    private final AtomicLong lost = new AtomicLong();
    /** Whether it is known to fail; on its thread only. */
    private boolean failing;

    ListenerQueue(MachineIdListener listener) {
        this.listener = listener;
        this.thread = new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(LONGEST), work -> {
            Thread made = new Thread(work, "machine-id-listener-" + name());
            made.setDaemon(true);
            return made;
        });
        thread.allowCoreThreadTimeOut(true);
    }

    void tell(MachineIdEvent event) {
        try {
            thread.execute(() -> deliver(event));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            if (lost.getAndIncrement() == 0) {
                LOGGER.warning(() -> name() + " is too slow for the events of machine identities: it isn't told all of them");
            }
        }
    }

    @SuppressWarnings("try")
    private void deliver(MachineIdEvent event) {
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            long missing = lost.getAndSet(0);
            if (missing > 0) {
                LOGGER.warning(() -> name() + " was not told " + missing + " events of machine identities");
                listener.onLost(missing);
            }
            listener.onEvent(event);
            failing = false;
        } catch (RuntimeException | Error e) {
            // Once, until it works again: it may fail at each event.
            if (!failing) {
                LOGGER.log(Level.WARNING, e, () -> name() + " failed at an event of a machine identity");
            }
            failing = true;
        }
    }

    private String name() {
        return listener.getClass().getName();
    }
}
