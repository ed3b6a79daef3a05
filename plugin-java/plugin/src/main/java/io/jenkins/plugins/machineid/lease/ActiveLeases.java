// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The leases that running blocks hold, as far as this controller knows. */
public final class ActiveLeases {
    private static final Logger LOGGER = Logger.getLogger(ActiveLeases.class.getName());
    /** How long the policy can't be asked, however many rounds that are, before the block ends. */
    static final Duration MOST_UNASKED = Duration.ofMinutes(5);
    /** Nanoseconds; tests set it. */
    static volatile LongSupplier clock = System::nanoTime;

    private static final ActiveLeases INSTANCE = new ActiveLeases();

    /** Who holds a lease. */
    public interface Holder {
        LeaseSession session();

        Run<?, ?> run();

        TaskListener listener();

        /** It may not be held any more: end the block and give the lease back, without waiting for either. */
        void refused(AbortException why);
    }

    private static final class Entry {
        final Holder holder;
        final AtomicBoolean stale;
        private final AtomicBoolean ended = new AtomicBoolean();
        private final RenewalNotice notice = new RenewalNotice();
        /** When the policy couldn't be asked, the first time since it could; null: it could the last time. */
        private final AtomicReference<Long> unasked = new AtomicReference<>();

        Entry(Holder holder, boolean stale) {
            this.holder = holder;
            this.stale = new AtomicBoolean(stale);
        }

        /** Once, however many find out that it may not be held. */
        void refuse(AbortException why) {
            if (ended.compareAndSet(false, true)) {
                holder.refused(why);
            }
        }

        /** Why it may not be held any more, as of now; null: it may, or nobody can tell yet. */
        AbortException judged() {
            try {
                holder.session().recheck(holder.run());
                unasked.set(null);
                return null;
            } catch (AbortException e) {
                return e;
            } catch (RuntimeException | Error e) {
                long now = clock.getAsLong();
                Long since = unasked.compareAndExchange(null, now);
                boolean over = since != null && now - since >= MOST_UNASKED.toNanos();
                if (since == null || over) {
                    LOGGER.log(Level.WARNING, e, () -> "the policy can't be asked for lease " + holder.session().lease());
                }
                // A permission that was withdrawn must not go on because something else is broken.
                return over ? new AbortException(Messages.Lease_unasked(MOST_UNASKED.toMinutes())) : null;
            }
        }

        boolean isOn(String nodeName) {
            return holder.session().nodeName().equals(nodeName);
        }
    }

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private final OwedLeases owed = new OwedLeases();

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
        if (session.nodeExists()) {
            owed.add(session);
        }
    }

    /** Nobody comes back to release what is owed to nodes that are deleted. */
    void dropGone() {
        owed.removeIf(session -> !session.nodeExists());
    }

    void nodeDeleted(String nodeName) {
        owed.removeIf(session -> session.nodeName().equals(nodeName));
    }

    int size() {
        return entries.size();
    }

    int owed() {
        return owed.size();
    }

    /** Only on a thread that may wait for agents; stops at the first that can't be released. */
    void releaseOwed(String nodeName) {
        for (LeaseSession session : owed.on(nodeName)) {
            session.releaseNow(session.run());
            if (owed.contains(session.lease())) {
                return;
            }
        }
    }

    boolean contains(String nodeName, String lease) {
        Entry entry = entries.get(lease);
        return entry != null && entry.isOn(nodeName);
    }

    boolean anyOn(String nodeName) {
        return entries.values().stream().anyMatch(entry -> entry.isOn(nodeName));
    }

    /** The agent went away: what it held in memory is gone. */
    void agentLost(String nodeName) {
        entries.values().stream().filter(entry -> entry.isOn(nodeName)).forEach(entry -> entry.stale.set(true));
    }

    /** Releases what a finished run still holds; waits for nothing. */
    void runEnded(Run<?, ?> run) {
        each(entry -> {
            if (entry.holder.run().getExternalizableId().equals(run.getExternalizableId())) {
                entry.holder.session().release();
            }
        });
    }

    /** What goes wrong with one block, whatever it is, takes nobody else's turn. */
    private void each(Consumer<Entry> turn) {
        for (Entry entry : entries.values()) {
            try {
                turn.accept(entry);
            } catch (RuntimeException | Error e) {
                LOGGER.log(Level.WARNING, e, () -> "lease " + entry.holder.session().lease() + " is left out of this round");
            }
        }
    }

    /** Asks the policy for every lease, as of now; a permission that was withdrawn ends the block. */
    void recheck() {
        each(entry -> {
            AbortException why = entry.ended.get() ? null : entry.judged();
            if (why != null) {
                entry.refuse(why);
            }
        });
    }

    /** What an agent says of its leases: certificates that were renewed since the last time. */
    void note(String nodeName, Reply lease) {
        Entry entry = entries.get(lease.text("lease"));
        if (entry == null || entry.ended.get() || !entry.isOn(nodeName)) {
            return;
        }
        try {
            entry.holder.session().note(entry.holder.run(), lease);
            entry.notice.reported(entry.holder, lease);
            entry.holder.session().failures(lease).forEach(entry.holder.listener().getLogger()::println);
        } catch (AuditViolation e) {
            entry.refuse(e);
        } catch (RuntimeException e) {
            // The agent's other leases are looked at, too.
            LOGGER.log(Level.WARNING, e, () -> "certificates of lease " + entry.holder.session().lease() + " can't be noted");
        }
    }

    /**
     * Takes stale leases of a node again, and renews those that are due; what can't be done now stays stale for the next
     * round. Only on a thread that may wait for agents.
     */
    public void refresh(String nodeName) throws InterruptedException {
        List<Runnable> due = new ArrayList<>();
        each(entry -> {
            if (!entry.isOn(nodeName) || entry.ended.get()) {
                return;
            }
            LeaseSession session = entry.holder.session();
            if (!entry.stale.get()) {
                if (session.isDue(entry.holder.run())) {
                    due.add(() -> renew(entry));
                }
            } else if (session.isTurn(entry.holder.run()) && entry.stale.compareAndSet(true, false)) {
                due.add(() -> refresh(entry));
            }
        });
        AgentWork.all(AgentWork.Kind.AGAIN, nodeName, due);
    }

    /** What is there serves on when it fails; the block is told, once for each reason. */
    private void renew(Entry entry) {
        Holder holder = entry.holder;
        try {
            holder.session().renew(holder.run());
            entry.notice.renewed();
        } catch (LeaseSession.PolicyRefused | AuditViolation e) {
            entry.refuse(e);
        } catch (IOException | RuntimeException e) {
            entry.notice.failed(holder, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void refresh(Entry entry) {
        Holder holder = entry.holder;
        try {
            holder.session().acquire(holder.run(), holder.listener(), true);
            entry.notice.renewed();
        } catch (LeaseSession.PolicyRefused | AuditViolation e) {
            entry.refuse(e);
        } catch (IOException | RuntimeException | Error e) {
            entry.stale.set(true);
            if (e instanceof NativeFailure && holder.session().hasListeners()) {
                // Its clients have nobody to connect to.
                entry.notice.failed(holder, e.getMessage());
            }
            LOGGER.log(Level.FINE, e, () -> "lease " + holder.session().lease() + " can't be taken again yet");
        } catch (InterruptedException e) {
            entry.stale.set(true);
            Thread.currentThread().interrupt();
        }
    }
}
