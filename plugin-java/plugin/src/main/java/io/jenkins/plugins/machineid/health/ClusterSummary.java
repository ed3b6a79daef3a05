// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.report.Server;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A cluster as agents last reached it: what most of them say, and what others do. */
@ExportedBean(defaultVisibility = 2)
public final class ClusterSummary {
    /** Values of one kind that are shown. */
    private static final int MOST_VALUES = 3;
    /** Clusters that are shown: an agent may make names up. */
    private static final int MOST_CLUSTERS = 50;

    /** How it was reached. */
    private record Way(String kind, String address, boolean upgraded) {
        String text() {
            return Messages.Health_address(kind, upgraded ? Messages.Health_upgraded(address) : address);
        }
    }

    private final String name;
    private final Map<String, Integer> names = new HashMap<>();
    private final Map<String, Integer> versions = new HashMap<>();
    private final Map<Way, Integer> ways = new HashMap<>();
    private final Map<List<String>, Integer> pins = new HashMap<>();
    private final Instant now;
    private int agents;
    private Long clock;
    private String clockAgent = "";
    private Instant caExpiresAt;
    private Instant heardAt;

    private ClusterSummary(String name, Instant now) {
        this.name = name;
        this.now = now;
    }

    static List<ClusterSummary> of(List<Entry> entries, Instant now) {
        Map<String, ClusterSummary> found = new LinkedHashMap<>();
        for (Entry entry : entries) {
            Server server = entry.identity() == null ? null : entry.identity().server();
            if (server == null || entry.cluster().isEmpty()) {
                continue;
            }
            if (found.size() < MOST_CLUSTERS || found.containsKey(entry.cluster())) {
                found.computeIfAbsent(entry.cluster(), name -> new ClusterSummary(name, now)).add(entry, server);
            }
        }
        return found.values().stream().sorted(Comparator.comparing(ClusterSummary::getName)).toList();
    }

    private void add(Entry entry, Server server) {
        agents++;
        names.merge(server.cluster(), 1, Integer::sum);
        versions.merge(server.version(), 1, Integer::sum);
        ways.merge(new Way(server.kind(), server.address(), server.upgraded()), 1, Integer::sum);
        pins.merge(server.pins(), 1, Integer::sum);
        Long difference = server.clockDifference();
        if (difference != null && (clock == null || Math.abs(difference) > Math.abs(clock))) {
            clock = difference;
            clockAgent = entry.report().agent();
        }
        if (server.caExpiresAt() != null && (caExpiresAt == null || server.caExpiresAt().isBefore(caExpiresAt))) {
            caExpiresAt = server.caExpiresAt();
        }
        Instant heard = entry.report().heardAt();
        heardAt = heardAt == null || heard.isAfter(heardAt) ? heard : heardAt;
    }

    /** As it is configured here; else as agents call it. */
    @Exported
    public String getName() {
        return name;
    }

    /** How many identities on agents it was reached with. */
    @Exported
    public int getReports() {
        return agents;
    }

    /** What it calls itself, the most frequent first; so are all lists here. */
    @Exported
    public List<String> getReportedNames() {
        return values(names, name -> name);
    }

    @Exported
    public List<String> getVersions() {
        return values(versions, version -> version);
    }

    @Exported
    public List<String> getAddresses() {
        return values(ways, Way::text);
    }

    @Exported
    public List<String> getPins() {
        return values(pins, all -> String.join(" ", all));
    }

    /** Seconds, of the agent whose clock differs most; null: not told. */
    @Exported
    public Long getClockDifference() {
        return clock;
    }

    @Exported
    public String getClockAgent() {
        return clockAgent;
    }

    public String getClockText() {
        return clock == null ? "" : Messages.Health_clock(clock, clockAgent);
    }

    /** The earliest that any agent tells; null: not known. */
    @Exported
    public String getCaExpiresAt() {
        return Ages.time(caExpiresAt);
    }

    /** Negative when it is over; null: not known. */
    @Exported
    public Long getCaDaysLeft() {
        return caExpiresAt == null ? null : Duration.between(now, caExpiresAt).toDays();
    }

    @Exported
    public String getHeardAt() {
        return Ages.time(heardAt);
    }

    public String getHeard() {
        return Ages.ago(heardAt, now);
    }

    private static <T> List<String> values(Map<T, Integer> counted, Function<T, String> text) {
        record Value(String text, int number) {}
        List<Value> values = new ArrayList<>();
        counted.forEach((value, number) -> values.add(new Value(text.apply(value), number)));
        values.removeIf(each -> each.text().isEmpty());
        values.sort(Comparator.comparingInt(Value::number).reversed().thenComparing(Value::text));
        return values.stream()
                .limit(MOST_VALUES)
                .map(each -> values.size() == 1 ? each.text() : Messages.Health_counted(each.text(), each.number()))
                .toList();
    }
}
