// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What agents say of one thing: each has one voice, however often it says it, and the most count. Where as many say another
 * thing, that counts which is to be looked at first.
 */
public final class Voices<T> {
    /**
     * A value, and who says it.
     *
     * @param agents as shown to people, sorted; at least one
     */
    public record Voice<T>(T value, List<String> agents) {}

    private final Map<String, T> byAgent = new LinkedHashMap<>();
    private final Comparator<? super T> urgent;

    /** @param urgent what is to be looked at first is first */
    public Voices(Comparator<? super T> urgent) {
        this.urgent = urgent;
    }

    /** @param value null: the agent doesn't say. Of several of one agent the first counts */
    public void add(String agent, T value) {
        if (value != null) {
            byAgent.putIfAbsent(agent, value);
        }
    }

    /** What most of them say; empty: nobody says anything. */
    public Optional<Voice<T>> most() {
        return all().stream().findFirst();
    }

    /** The most frequent first. */
    public List<Voice<T>> all() {
        Map<T, TreeSet<String>> values = new LinkedHashMap<>();
        byAgent.forEach((agent, value) -> values.computeIfAbsent(value, unused -> new TreeSet<>()).add(agent));
        List<Voice<T>> all = new ArrayList<>();
        values.forEach((value, agents) -> all.add(new Voice<>(value, List.copyOf(agents))));
        all.sort(Comparator.<Voice<T>>comparingInt(voice -> -voice.agents().size())
                .thenComparing(Voice::value, urgent));
        return all;
    }

    /** How many agents say something. */
    public int size() {
        return byAgent.size();
    }
}
