// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.issuer.KeyState;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** All warnings that follow from what is known: decided from plain values alone. */
final class Warnings {
    private Warnings() {}

    /** The serious ones first. */
    static List<Warning> of(Facts facts, Instant now) {
        List<Warning> warnings = new ArrayList<>(IdentityCauses.of(facts.members(), now));
        warnings.addAll(ClusterCauses.of(facts.clusters(), facts.members(), now));
        warnings.addAll(platforms(facts.platforms()));
        if (facts.keys() != null && !facts.keyHolders().isEmpty()) {
            warnings.addAll(keys(facts.keys(), List.copyOf(new TreeSet<>(facts.keyHolders()))));
        }
        warnings.sort((one, other) -> Boolean.compare(other.cause().isSerious(), one.cause().isSerious()));
        return warnings;
    }

    private static List<Warning> platforms(List<Facts.Platform> agents) {
        Map<String, List<String>> byPlatform = new TreeMap<>();
        agents.forEach(each -> byPlatform
                .computeIfAbsent(AgentText.line(each.platform(), 80), unused -> new ArrayList<>())
                .add(each.agent()));
        List<Warning> warnings = new ArrayList<>();
        byPlatform.forEach((platform, names) -> {
            AgentList list = AgentList.of(names);
            warnings.add(Warning.of(
                    Cause.PLATFORM,
                    platform,
                    List.of(),
                    list.sorted(),
                    Messages.Warning_platform(platform, list),
                    Places.AGENTS));
        });
        return warnings;
    }

    /** Nobody here can read a token resource: each published key that doesn't sign yet is told, until it signs or is dismissed. */
    private static List<Warning> keys(KeyState keys, List<String> holders) {
        List<Warning> warnings = new ArrayList<>();
        String where = String.join(", ", holders.subList(0, Math.min(holders.size(), 10)))
                + (holders.size() > 10 ? ", …" : "");
        if (!keys.next().isEmpty()) {
            String sentence = keys.due() == null
                    ? Messages.Warning_nextKey(keys.next(), where)
                    : Messages.Warning_nextKeyDue(keys.next(), where, keys.due().truncatedTo(ChronoUnit.SECONDS));
            warnings.add(nextKey(keys.next(), holders, sentence));
        }
        if (!keys.announced().isEmpty() && !keys.announced().equals(keys.signing())) {
            warnings.add(nextKey(keys.announced(), holders, Messages.Warning_nextKey(keys.announced(), where)));
        }
        return warnings;
    }

    private static Warning nextKey(String key, List<String> holders, String sentence) {
        return Warning.of(Cause.NEXT_KEY, key, holders, List.of(), sentence, Places.KEYS);
    }
}
