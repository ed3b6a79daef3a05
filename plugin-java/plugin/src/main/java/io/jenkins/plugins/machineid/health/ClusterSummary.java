// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.Server;
import io.jenkins.plugins.machineid.report.Voices;
import io.jenkins.plugins.machineid.report.Voices.Voice;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/**
 * A cluster as agents last reached it. This controller connects to none itself: what most agents say comes first, each with one
 * voice, and who says something else is named beside it.
 */
@ExportedBean(defaultVisibility = 2)
public final class ClusterSummary {
    /** Values of one kind that are shown. */
    private static final int MOST_VALUES = 3;
    /** More agents than these aren't named one by one. */
    private static final int MOST_NAMED = 3;

    private final String name;
    private final Voices<String> names = new Voices<>(Comparator.naturalOrder());
    private final Voices<String> versions = new Voices<>(Comparator.naturalOrder());
    private final Voices<String> ways = new Voices<>(Comparator.naturalOrder());
    private final Voices<String> pins = new Voices<>(Comparator.naturalOrder());
    private final Voices<Instant> ends = new Voices<>(Comparator.naturalOrder());
    private final Map<String, Long> clocks = new TreeMap<>();
    private final Instant now;
    private int agents;
    private Instant heardAt;

    private ClusterSummary(String name, Instant now) {
        this.name = name;
        this.now = now;
    }

    static List<ClusterSummary> of(List<Entry> entries, Instant now) {
        record Seen(AgentReport report, Server server) {}
        Map<String, Map<String, Seen>> found = new TreeMap<>();
        for (Entry entry : entries) {
            Server server = entry.identity() == null ? null : entry.identity().server();
            if (server != null) {
                // One voice for each agent, however many identities it has.
                found.computeIfAbsent(entry.cluster(), unused -> new HashMap<>())
                        .merge(entry.node(), new Seen(entry.report(), server), (one, other) -> new Seen(
                                one.report(), one.server().later(other.server())));
            }
        }
        List<ClusterSummary> all = new ArrayList<>();
        found.forEach((name, byNode) -> {
            ClusterSummary summary = new ClusterSummary(name, now);
            byNode.values().forEach(seen -> summary.add(seen.report(), seen.server()));
            all.add(summary);
        });
        return all;
    }

    private void add(AgentReport report, Server server) {
        String agent = report.agent();
        agents++;
        names.add(agent, orNull(server.cluster()));
        versions.add(agent, orNull(server.version()));
        ways.add(agent, orNull(way(server)));
        pins.add(agent, orNull(String.join(" ", server.pins())));
        ends.add(agent, server.caExpiresAt() == null ? null : server.caExpiresAt().truncatedTo(ChronoUnit.SECONDS));
        if (server.clockDifference() != null) {
            clocks.put(agent, server.clockDifference());
        }
        Instant heard = report.heardAt();
        heardAt = heardAt == null || heard != null && heard.isAfter(heardAt) ? heard : heardAt;
    }

    private static String way(Server server) {
        return server.address().isEmpty()
                ? ""
                : Messages.Health_address(
                        server.kind(), server.upgraded() ? Messages.Health_upgraded(server.address()) : server.address());
    }

    private static String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    /** As it is configured here. */
    @Exported
    public String getName() {
        return name;
    }

    /** How many agents have reached it. */
    @Exported
    public int getReports() {
        return agents;
    }

    /** What it calls itself. Of this, as of all lists here, what most agents say comes first, and who says something else is named. */
    @Exported
    public List<String> getReportedNames() {
        return values(names);
    }

    @Exported
    public List<String> getVersions() {
        return values(versions);
    }

    @Exported
    public List<String> getAddresses() {
        return values(ways);
    }

    @Exported
    public List<String> getPins() {
        return values(pins);
    }

    /** Seconds: the cluster's clock minus the agent's, the median of all agents; null: not told. */
    @Exported
    public Long getClockDifference() {
        List<Long> sorted = clocks.values().stream().sorted().toList();
        return sorted.isEmpty() ? null : sorted.get((sorted.size() - 1) / 2);
    }

    /** Seconds, of the agent whose clock differs most; null: not told. */
    @Exported
    public Long getLargestClockDifference() {
        return clocks.get(getClockAgent());
    }

    /** The agent whose clock differs most; empty: not told. */
    @Exported
    public String getClockAgent() {
        return clocks.entrySet().stream()
                .max(Comparator.comparingLong(each -> Math.abs(each.getValue())))
                .map(Map.Entry::getKey)
                .orElse("");
    }

    public String getClockText() {
        if (clocks.isEmpty()) {
            return "";
        }
        return Math.abs(getLargestClockDifference()) <= Math.abs(getClockDifference())
                ? Messages.Health_clock(getClockDifference())
                : Messages.Health_clockLargest(getClockDifference(), getLargestClockDifference(), getClockAgent());
    }

    /** What most agents tell; null: not known. */
    @Exported
    public String getCaExpiresAt() {
        return Ages.time(end());
    }

    private Instant end() {
        return ends.most().map(Voice::value).orElse(null);
    }

    /** Negative when it is over; null: not known. */
    @Exported
    public Long getCaDaysLeft() {
        return end() == null ? null : Duration.between(now, end()).toDays();
    }

    /** Who tells the end of the host CA; empty: nobody. */
    public String getCaAgents() {
        return ends.most().map(voice -> who(voice.agents())).orElse("");
    }

    /** Other ends of the host CA, and who tells them. */
    @Exported
    public List<String> getOtherCaEnds() {
        return ends.all().stream()
                .skip(1)
                .limit(MOST_VALUES - 1L)
                .map(voice -> Messages.Health_said(Ages.time(voice.value()), who(voice.agents())))
                .toList();
    }

    @Exported
    public String getHeardAt() {
        return Ages.time(heardAt);
    }

    public String getHeard() {
        return Ages.ago(heardAt, now);
    }

    private static List<String> values(Voices<String> voices) {
        List<Voice<String>> all = voices.all();
        return all.stream()
                .limit(MOST_VALUES)
                .map(each -> all.size() == 1 ? each.value() : Messages.Health_said(each.value(), who(each.agents())))
                .toList();
    }

    /** The few are named: one of them may be wrong, or lie. */
    private static String who(List<String> agents) {
        if (agents.size() == 1) {
            return Messages.Health_agent(agents.get(0));
        }
        return agents.size() > MOST_NAMED
                ? Messages.Health_agents(agents.size())
                : Messages.Health_agentsNamed(agents.size(), String.join(", ", agents));
    }
}
