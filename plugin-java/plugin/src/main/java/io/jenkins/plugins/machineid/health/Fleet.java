// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import hudson.model.Computer;
import io.jenkins.plugins.machineid.lease.Believed;
import io.jenkins.plugins.machineid.report.Condition;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jenkins.model.Jenkins;

/** All agents and identities at one moment, as far as is known: nobody is asked. */
final class Fleet {
    private final List<Entry> entries;
    private final Believed believed;
    private final Instant now;
    private final Map<Condition, Integer> counts = new EnumMap<>(Condition.class);

    private Fleet(List<Entry> entries, Believed believed, Instant now) {
        this.entries = entries;
        this.believed = believed;
        this.now = now;
        entries.forEach(entry -> counts.merge(entry.condition(), 1, Integer::sum));
    }

    static Fleet now() {
        Set<String> online = new HashSet<>();
        for (Computer computer : Jenkins.get().getComputers()) {
            if (computer.isOnline()) {
                online.add(computer.getName());
            }
        }
        return of(Believed.now(), online, Instant.now());
    }

    static Fleet of(Believed believed, Set<String> online, Instant now) {
        List<Entry> entries = believed.reports().entrySet().stream()
                .flatMap(each -> Entry.of(each.getKey(), each.getValue(), online.contains(each.getKey()), believed, now))
                .toList();
        return new Fleet(entries, believed, now);
    }

    Instant moment() {
        return now;
    }

    List<Entry> entries() {
        return entries;
    }

    int agents() {
        return believed.reports().size();
    }

    /** The names of the identities that are configured. */
    List<String> names() {
        return believed.names();
    }

    /** How many there are of each. */
    Map<Condition, Integer> counts() {
        return counts;
    }

    List<ClusterSummary> clusters() {
        return ClusterSummary.of(entries, now);
    }
}
