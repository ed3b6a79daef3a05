// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What is wrong with identities on agents, one line for each cause, identity and kind of failure. */
final class IdentityCauses {
    /** What goes wrong for so long isn't a cluster's restart. */
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /** An identity that ends sooner, and should have been renewed. */
    static final Duration SOON = Duration.ofMinutes(15);

    private static final String OVER = "over";
    private static final int LONGEST_ERROR = 300;
    private static final int LONGEST_CODE = 40;

    private IdentityCauses() {}

    /**
     * What makes one line: agents with another failure are another one.
     *
     * @param detail what else than cause and identity changes its meaning; may be empty
     */
    private record Line(Cause cause, String identity, String detail) {}

    static List<Warning> of(List<Facts.Member> members, Instant now) {
        Map<Line, List<Facts.Member>> grouped = new TreeMap<>(Comparator.comparing(Line::cause)
                .thenComparing(Line::identity)
                .thenComparing(Line::detail));
        for (Facts.Member member : members) {
            for (Cause cause : causes(member, now)) {
                grouped.computeIfAbsent(
                                new Line(cause, member.identity(), detail(cause, member, now)), unused -> new ArrayList<>())
                        .add(member);
            }
        }
        List<Warning> warnings = new ArrayList<>();
        grouped.forEach((line, concerned) -> warnings.add(warning(line, concerned, now)));
        return warnings;
    }

    private static String detail(Cause cause, Facts.Member member, Instant now) {
        return switch (cause) {
            case NOT_RENEWED -> member.code();
            case EXPIRES -> member.expires().isAfter(now) ? "" : OVER;
            default -> "";
        };
    }

    private static List<Cause> causes(Facts.Member member, Instant now) {
        List<Cause> causes = new ArrayList<>();
        switch (member.condition()) {
            case LOCKED -> causes.add(Cause.LOCKED);
            case NEEDS_TOKEN -> causes.add(Cause.NEEDS_TOKEN);
            case FAILING, EXPIRED -> {
                if (!member.code().isEmpty() && isOver(member.since(), PATIENCE, now)) {
                    causes.add(Cause.NOT_RENEWED);
                }
            }
            default -> {}
        }
        boolean stuck = !causes.isEmpty() || member.renews() != null && isOver(member.renews(), PATIENCE, member.heard());
        if (member.expires() != null && stuck && member.expires().minus(SOON).isBefore(now)) {
            causes.add(Cause.EXPIRES);
        }
        return causes;
    }

    /** @param since null: for long enough */
    private static boolean isOver(Instant since, Duration patience, Instant now) {
        return since == null || !since.plus(patience).isAfter(now);
    }

    private static Warning warning(Line line, List<Facts.Member> members, Instant now) {
        AgentList agents = AgentList.of(members.stream().map(Facts.Member::agent).toList());
        String name = AgentText.line(line.identity());
        String sentence =
                switch (line.cause()) {
                    case LOCKED -> Messages.Warning_locked(name, agents);
                    case NEEDS_TOKEN -> Messages.Warning_needsToken(name, agents);
                    case NOT_RENEWED -> Messages.Warning_notRenewed(name, agents, since(members, now), error(members));
                    default -> {
                        Instant first = members.stream().map(Facts.Member::expires).min(Comparator.naturalOrder()).orElse(now);
                        yield line.detail().equals(OVER)
                                ? Messages.Warning_expired(name, agents, first.truncatedTo(ChronoUnit.SECONDS))
                                : Messages.Warning_expires(name, agents, SOON.toMinutes(), first.truncatedTo(ChronoUnit.SECONDS));
                    }
                };
        return Warning.of(line.cause(), name, List.of(line.detail()), agents.sorted(), sentence, Places.identity(name));
    }

    private static Instant since(List<Facts.Member> members, Instant now) {
        return members.stream()
                .map(Facts.Member::since)
                .filter(Objects::nonNull)
                .min(Comparator.naturalOrder())
                .orElse(now)
                .truncatedTo(ChronoUnit.SECONDS);
    }

    /** What most of them say. */
    private static String error(List<Facts.Member> members) {
        return members.stream()
                .collect(Collectors.groupingBy(
                        member -> AgentText.line(member.error(), LONGEST_ERROR) + " [" + AgentText.line(member.code(), LONGEST_CODE) + "]",
                        TreeMap::new,
                        Collectors.counting()))
                .entrySet()
                .stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse("");
    }
}
