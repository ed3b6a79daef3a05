// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.security.ACL;
import hudson.security.ACLContext;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Records that have changed and aren't on disk yet. A save writes the whole build and syncs it, which takes as long as all
 * the rest of a block; so the changes of a moment are one save.
 */
final class PendingSaves {
    /** Milliseconds that a change waits for others. */
    static final long DELAY_MS = 1000;

    private static final Logger LOGGER = Logger.getLogger(PendingSaves.class.getName());
    private static final Set<MachineIdAction> PENDING = ConcurrentHashMap.newKeySet();
    private static final ScheduledThreadPoolExecutor THREAD = thread();

    private PendingSaves() {}

    /** Saves it in a moment, with what changes until then. */
    static void soon(MachineIdAction record) {
        if (PENDING.add(record)) {
            submit(record, DELAY_MS);
        }
    }

    /** Its build is over: saves at once what waits, on a thread of its own. */
    static void over(MachineIdAction record) {
        if (PENDING.contains(record)) {
            submit(record, 0);
        }
    }

    /** Whoever saves it now takes everything along. */
    static void saved(MachineIdAction record) {
        PENDING.remove(record);
    }

    /** Its build is deleted, and a save would bring a part of it back. */
    static void forget(MachineIdAction record) {
        PENDING.remove(record);
    }

    /** Saves all that wait, before the process ends. */
    static void all() {
        PENDING.forEach(PendingSaves::save);
    }

    private static void submit(MachineIdAction record, long delay) {
        try {
            THREAD.schedule(() -> save(record), delay, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // No thread could be made.
            save(record);
        }
    }

    @SuppressWarnings("try")
    private static void save(MachineIdAction record) {
        // Before it is written: what changes meanwhile is saved once more.
        if (!PENDING.remove(record)) {
            return;
        }
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            record.save();
        } catch (RuntimeException | Error e) {
            // Another plugin may look at what is saved.
            LOGGER.log(Level.WARNING, "the record of machine identities could not be saved", e);
        }
    }

    private static ScheduledThreadPoolExecutor thread() {
        ScheduledThreadPoolExecutor made = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "machine-id-save");
            thread.setDaemon(true);
            return thread;
        });
        made.setKeepAliveTime(30, TimeUnit.SECONDS);
        made.allowCoreThreadTimeOut(true);
        return made;
    }
}
