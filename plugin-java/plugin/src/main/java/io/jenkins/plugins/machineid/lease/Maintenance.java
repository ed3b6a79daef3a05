// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.model.Computer;
import hudson.model.PeriodicWork;
import hudson.model.TaskListener;
import io.jenkins.plugins.machineid.report.AgentReports;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * Each minute: the policy is asked again for every lease, and what could not be done when it was asked for is tried again
 * on every connected agent. An agent that doesn't answer keeps only its own thread.
 */
@Extension
public class Maintenance extends PeriodicWork {
    private static final Logger LOGGER = Logger.getLogger(Maintenance.class.getName());
    /** From one round of visits to the next. */
    static final Duration ROUND = Duration.ofMillis(MIN);

    private static final Visits VISITS =
            new Visits(task -> AgentWork.submit(AgentWork.Kind.UPKEEP, nextTask(), task), Maintenance::visited);
    private static final AtomicLong TASKS = new AtomicLong();
    /** To be visited once more, when the visit that is under way is over. */
    private static final Set<String> ONCE_MORE = ConcurrentHashMap.newKeySet();
    /** About to be asked. */
    private static final Set<String> LOOKING = new HashSet<>();
    private static final Duration MOMENT = Duration.ofSeconds(3);
    private static final AtomicBoolean RECHECK = new AtomicBoolean();
    private static final Map<String, String> SAID = new ConcurrentHashMap<>();

    /** A part of a visit. */
    interface Step {
        void run() throws IOException, InterruptedException;
    }

    @Override
    public long getRecurrencePeriod() {
        return MIN;
    }

    @Override
    public long getInitialDelay() {
        return MIN / 4;
    }

    @Override
    protected void doRun() {
        recheckSoon();
        Predicate<String> exists = node -> node.isEmpty() || Jenkins.get().getNode(node) != null;
        AgentReports.get().retain(exists);
        AgentCounts.get().retain(exists);
        for (Computer computer : Jenkins.get().getComputers()) {
            if (computer.isOnline()) {
                visitSoon(computer, null);
            }
        }
    }

    /** Waits for nothing. One visit of an agent at a time: while one waits there is no second one. */
    static boolean visitSoon(Computer computer, TaskListener listener) {
        // Where no thread could be made the next round tries again.
        return VISITS.add(computer.getName(), () -> visit(computer, listener));
    }

    /** A task goes from agent to agent: none waits for another one because of the agent that it began with. */
    private static String nextTask() {
        return "visits-" + TASKS.incrementAndGet();
    }

    private static void visited(String node) {
        if (ONCE_MORE.remove(node)) {
            visitNow(node);
        }
    }

    /** Visits a node at a time, if it has an agent then; the rounds of each minute are there beside it. */
    static void visitAt(String node, Instant time) {
        // Not a part of a millisecond too early: whoever is visited then isn't due yet.
        long delay = Math.max(0, Duration.between(Instant.now(), time).toMillis() + 1);
        AgentWork.later(delay, () -> visitNow(node));
    }

    /** As {@link #visitSoon}; where a visit is under way, once more after it. */
    static void visitNow(String node) {
        Computer computer = NodeLookup.computer(node);
        if (computer != null && computer.getChannel() != null && !visitSoon(computer, null)) {
            ONCE_MORE.add(node);
        }
    }

    /** Asks the policy for all leases, on a thread that waits for no agent. */
    static void recheckSoon() {
        // Saves in a row are one round.
        if (RECHECK.compareAndSet(false, true)) {
            try {
                AgentWork.submit(AgentWork.Kind.POLICY, "", () -> {
                    RECHECK.set(false);
                    ActiveLeases.get().recheck();
                    ActiveLeases.get().dropGone();
                });
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                RECHECK.set(false);
                LOGGER.log(Level.WARNING, "the policy is asked for the leases in the next round", e);
            }
        }
    }

    /** Agents of a cloud come and go under ever new names. */
    static void nodeDeleted(String node) {
        SAID.remove(node);
        ONCE_MORE.remove(node);
        AgentReports.get().forget(node);
        AgentCounts.get().forget(node);
    }

    /** Asks an agent in a moment how it stands, once for all that happens until then; one timer serves all agents. */
    static void lookSoon(String node) {
        boolean first;
        synchronized (LOOKING) {
            first = LOOKING.isEmpty();
            LOOKING.add(node);
        }
        if (first) {
            AgentWork.later(MOMENT.toMillis(), () -> {
                List<String> nodes;
                synchronized (LOOKING) {
                    nodes = List.copyOf(LOOKING);
                    LOOKING.clear();
                }
                nodes.forEach(Maintenance::visitNow);
            });
        }
    }

    private static void visit(Computer computer, TaskListener listener) {
        String node = computer.getName();
        try {
            inTurn(
                    () -> ActiveLeases.get().releaseOwed(node),
                    () -> ActiveLeases.get().refresh(node),
                    () -> keep(computer, listener),
                    () -> look(computer));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            say(listener, e.getMessage());
            // Once for each new reason, not each minute.
            if (!String.valueOf(e.getMessage()).equals(SAID.put(node, String.valueOf(e.getMessage())))) {
                LOGGER.log(Level.WARNING, () -> computer.getDisplayName() + ": " + e.getMessage());
            }
        }
    }

    /** Does each also when one before it fails: a standing destination at fault keeps no ended build's lease. */
    static void inTurn(Step... steps) throws IOException, InterruptedException {
        IOException first = null;
        for (Step step : steps) {
            try {
                step.run();
            } catch (IOException | RuntimeException | Error e) {
                if (first == null) {
                    first = e instanceof IOException failure ? failure : new IOException(e.getMessage(), e);
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private static void keep(Computer computer, TaskListener listener) throws IOException, InterruptedException {
        String line = Standing.keep(computer);
        if (line != null) {
            say(listener, line);
            SAID.remove(computer.getName());
        }
    }

    private static void look(Computer computer) throws IOException, InterruptedException {
        String node = computer.getName();
        if (AgentReports.get().isDue(node, ActiveLeases.get().anyOn(node), Instant.now())) {
            Sweep.run(node, AgentLink.to(computer), Sweep.due());
        }
    }

    private static void say(TaskListener listener, String line) {
        if (listener != null) {
            listener.getLogger().println(line);
        }
    }
}
