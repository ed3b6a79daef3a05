// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.XmlFile;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/** Leases whose block is over and whose agent could not be reached: released when it is back, also by a later controller. */
final class OwedLeases {
    private static final Logger LOGGER = Logger.getLogger(OwedLeases.class.getName());

    private final Map<String, LeaseSession> byLease = new LinkedHashMap<>();
    private boolean loaded;

    synchronized void add(LeaseSession session) {
        load();
        byLease.put(session.lease(), session);
        save();
    }

    synchronized void remove(String lease) {
        load();
        if (byLease.remove(lease) != null) {
            save();
        }
    }

    synchronized void removeIf(Predicate<LeaseSession> gone) {
        load();
        if (byLease.values().removeIf(gone)) {
            save();
        }
    }

    synchronized boolean contains(String lease) {
        load();
        return byLease.containsKey(lease);
    }

    synchronized List<LeaseSession> on(String nodeName) {
        load();
        return byLease.values().stream()
                .filter(session -> session.nodeName().equals(nodeName))
                .toList();
    }

    synchronized int size() {
        load();
        return byLease.size();
    }

    private static XmlFile file() {
        return new XmlFile(new File(Jenkins.get().getRootDir(), OwedLeases.class.getName() + ".xml"));
    }

    private void load() {
        if (loaded) {
            return;
        }
        loaded = true;
        try {
            if (file().exists() && file().read() instanceof Collection<?> sessions) {
                sessions.forEach(one -> {
                    if (one instanceof LeaseSession session) {
                        byLease.put(session.lease(), session);
                    }
                });
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "which leases are still to be released can't be read; their agents end them later", e);
        }
    }

    private void save() {
        try {
            file().write(new ArrayList<>(byLease.values()));
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "which leases are still to be released can't be saved; a restart forgets them", e);
        }
    }
}
