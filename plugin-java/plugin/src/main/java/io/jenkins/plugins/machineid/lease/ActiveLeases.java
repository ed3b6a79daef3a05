// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Run;
import hudson.model.TaskListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The leases that running blocks hold, as far as this controller knows. */
public final class ActiveLeases {
    private static final Logger LOGGER = Logger.getLogger(ActiveLeases.class.getName());
    private static final ActiveLeases INSTANCE = new ActiveLeases();

    /** Who holds a lease. */
    public interface Holder {
        LeaseSession session();

        Run<?, ?> run();

        TaskListener listener();

        /** The policy no longer allows it: end the block. */
        void refused(AbortException why);
    }

    private static final class Entry {
        final Holder holder;
        volatile boolean stale;

        Entry(Holder holder, boolean stale) {
            this.holder = holder;
            this.stale = stale;
        }
    }

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private final Map<String, LeaseSession> owed = new ConcurrentHashMap<>();

    private ActiveLeases() {}

    public static ActiveLeases get() {
        return INSTANCE;
    }

    /** @param stale must be taken again, since controller or agent was restarted */
    public void add(Holder holder, boolean stale) {
        entries.put(holder.session().lease(), new Entry(holder, stale));
    }

    void remove(String lease) {
        entries.remove(lease);
        owed.remove(lease);
    }

    /** The block is over but its agent can't be reached: released when it is back. */
    void owe(LeaseSession session) {
        entries.remove(session.lease());
        owed.put(session.lease(), session);
    }

    void releaseOwed(String nodeName) {
        for (LeaseSession session : new ArrayList<>(owed.values())) {
            if (session.nodeName().equals(nodeName)) {
                session.release(null);
            }
        }
    }

    boolean contains(String lease) {
        return entries.containsKey(lease);
    }

    /** The agent went away: what it held in memory is gone. */
    void agentLost(String nodeName) {
        entries.values().stream()
                .filter(entry -> entry.holder.session().nodeName().equals(nodeName))
                .forEach(entry -> entry.stale = true);
    }

    /** Releases what a finished run still holds. */
    void runEnded(Run<?, ?> run) {
        List<Holder> left = new ArrayList<>();
        for (Entry entry : entries.values()) {
            if (entry.holder.run().getExternalizableId().equals(run.getExternalizableId())) {
                left.add(entry.holder);
            }
        }
        left.forEach(holder -> holder.session().release(null));
    }

    /** Takes stale leases of a node again; what can't be done now stays stale for the next round. */
    public void refresh(String nodeName) {
        Collection<Entry> snapshot = new ArrayList<>(entries.values());
        for (Entry entry : snapshot) {
            if (entry.stale && entry.holder.session().nodeName().equals(nodeName)) {
                refresh(entry);
            }
        }
    }

    private void refresh(Entry entry) {
        Holder holder = entry.holder;
        try {
            entry.stale = false;
            holder.session().acquire(holder.run(), holder.listener(), true);
        } catch (LeaseSession.PolicyRefused e) {
            holder.refused(e);
        } catch (IOException | RuntimeException e) {
            entry.stale = true;
            LOGGER.log(Level.FINE, e, () -> "lease " + holder.session().lease() + " can't be taken again yet");
        } catch (InterruptedException e) {
            entry.stale = true;
            Thread.currentThread().interrupt();
        }
    }
}
