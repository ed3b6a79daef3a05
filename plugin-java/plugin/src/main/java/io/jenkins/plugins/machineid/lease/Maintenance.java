// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.model.Computer;
import hudson.model.PeriodicWork;
import hudson.model.TaskListener;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/** Each minute: what could not be done when it was asked for is tried again, on every connected agent. */
@Extension
public class Maintenance extends PeriodicWork {
    private static final Logger LOGGER = Logger.getLogger(Maintenance.class.getName());
    private static final Set<String> BUSY = ConcurrentHashMap.newKeySet();
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
        for (Computer computer : Jenkins.get().getComputers()) {
            if (computer.isOnline()) {
                Computer.threadPoolForRemoting.submit(() -> visit(computer, null));
            }
        }
    }

    /** One agent at a time and never twice at once. */
    static void visit(Computer computer, TaskListener listener) {
        if (!BUSY.add(computer.getName())) {
            return;
        }
        try {
            ActiveLeases.get().releaseOwed(computer.getName());
            ActiveLeases.get().refresh(computer.getName());
            both(() -> keep(computer, listener), () -> sweep(computer));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            say(listener, e.getMessage());
            // Once for each new reason, not each minute.
            if (!String.valueOf(e.getMessage()).equals(SAID.put(computer.getName(), String.valueOf(e.getMessage())))) {
                LOGGER.log(Level.WARNING, () -> computer.getDisplayName() + ": " + e.getMessage());
            }
        } finally {
            BUSY.remove(computer.getName());
        }
    }

    /** Does the second also when the first fails: a standing destination at fault keeps no ended build's lease. */
    static void both(Step first, Step second) throws IOException, InterruptedException {
        try {
            first.run();
        } catch (IOException | RuntimeException e) {
            try {
                second.run();
            } catch (IOException | RuntimeException other) {
                e.addSuppressed(other);
            }
            throw e;
        }
        second.run();
    }

    private static void keep(Computer computer, TaskListener listener) throws IOException, InterruptedException {
        String line = Standing.keep(computer);
        if (line != null) {
            say(listener, line);
            SAID.remove(computer.getName());
        }
    }

    private static void sweep(Computer computer) throws IOException, InterruptedException {
        if (Sweep.due()) {
            Sweep.run(computer);
        }
    }

    private static void say(TaskListener listener, String line) {
        if (listener != null) {
            listener.getLogger().println(line);
        }
    }
}
