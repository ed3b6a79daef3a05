// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.report.Condition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Each cause: when it is there, when it isn't, and what makes it another one. */
class WarningsTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private static List<Warning> of(Facts facts) {
        return Warnings.of(facts, Known.NOW);
    }

    /** The one that there is. */
    private static Warning only(Facts facts, Cause cause) {
        List<Warning> warnings = of(facts);
        assertEquals(List.of(cause), warnings.stream().map(Warning::cause).toList(), warnings.toString());
        return warnings.get(0);
    }

    private static void none(Facts facts) {
        assertEquals(List.of(), of(facts));
    }

    @Test
    void nothing_is_told_while_all_is_well() {
        none(Known.members());
        none(Known.members(Known.well("a1"), Known.well("a2")));
        none(Known.cluster("20.9.9", Known.NOW.plus(Duration.ofDays(31)), Known.well("a1")));
    }

    @Test
    void an_identity_that_needs_a_fresh_token() {
        Warning warning = only(
                Known.members(Known.failing("a1", Condition.NEEDS_TOKEN, "", "", LONG), Known.well("a2")), Cause.NEEDS_TOKEN);
        assertTrue(warning.sentence().startsWith("Identity api needs a fresh token on agent a1: "), warning.sentence());
        assertEquals(1, warning.agents());
        assertEquals(
                warning.id(),
                only(Known.members(Known.failing("a9", Condition.NEEDS_TOKEN, "identity_needs_rejoin", "…", LONG)), Cause.NEEDS_TOKEN)
                        .id());
    }

    @Test
    void a_lock() {
        Warning warning = only(Known.members(Known.failing("a1", Condition.LOCKED, "", "", Duration.ZERO)), Cause.LOCKED);
        assertTrue(warning.sentence().contains("locked on agent a1"), warning.sentence());
        assertEquals(
                warning.id(), only(Known.members(Known.failing("a1", Condition.LOCKED, "bot_locked", "x", LONG)), Cause.LOCKED).id());
    }

    @Test
    void what_is_not_renewed_is_told_after_a_while_with_the_time_and_the_reason() {
        none(Known.members(Known.failing("a1", Condition.FAILING, "cluster_unreachable", "refused", Duration.ofSeconds(90))));
        Warning warning = only(
                Known.members(
                        Known.failing("a1", Condition.FAILING, "cluster_unreachable", "refused", LONG),
                        Known.failing("a2", Condition.FAILING, "cluster_unreachable", "timed out", LONG.plusMinutes(5)),
                        Known.failing("a3", Condition.FAILING, "cluster_unreachable", "refused", LONG)),
                Cause.NOT_RENEWED);
        assertEquals(
                "Identity api can't be joined or renewed on 3 agents (a1, a2, a3) since 2026-11-21T11:50:00Z; valid certificates stay in use. refused"
                        + " [cluster_unreachable]",
                warning.sentence());
        Warning other = only(Known.members(Known.failing("a1", Condition.FAILING, "rate_limited", "slow", LONG)), Cause.NOT_RENEWED);
        assertNotEquals(warning.id(), other.id());
    }

    @Test
    void the_same_failure_later_and_on_other_agents_is_the_same_warning() {
        Warning before = only(Known.members(Known.failing("a1", Condition.FAILING, "rate_limited", "slow", LONG)), Cause.NOT_RENEWED);
        Warning after = only(
                Known.members(
                        Known.failing("b1", Condition.FAILING, "rate_limited", "slower", LONG.plusHours(1)),
                        Known.failing("b2", Condition.FAILING, "rate_limited", "slow", LONG)),
                Cause.NOT_RENEWED);
        assertEquals(before.id(), after.id());
    }

    @Test
    void what_ends_soon_is_told_only_where_it_should_have_been_renewed() {
        none(Known.members(Known.expiring("a1", Duration.ofMinutes(14), Duration.ofMinutes(1))));
        none(Known.members(Known.expiring("a1", Duration.ofMinutes(16), LONG)));
        Warning soon = only(Known.members(Known.expiring("a1", Duration.ofMinutes(14), LONG)), Cause.EXPIRES);
        assertTrue(soon.sentence().contains("expires within 15 minutes (the first at 2026-11-21T12:14:00Z)"), soon.sentence());
        Warning over = only(Known.members(Known.expiring("a1", Duration.ofMinutes(-1), LONG)), Cause.EXPIRES);
        assertTrue(over.sentence().contains("has expired"), over.sentence());
        assertNotEquals(soon.id(), over.id());
    }

    @Test
    void a_cluster_that_is_newer_than_what_was_tried() {
        none(Known.cluster("20.12.3", null));
        Warning warning = only(Known.cluster("21.0.0-alpha.1", null), Cause.NEWER_CLUSTER);
        assertTrue(warning.sentence().startsWith("Cluster main has Teleport 21.0.0 according to agent a1, "), warning.sentence());
        assertNotEquals(warning.id(), only(Known.cluster("22.0.0", null), Cause.NEWER_CLUSTER).id());
        assertEquals(warning.id(), only(Known.cluster("21.4.1", null), Cause.NEWER_CLUSTER).id());
    }

    private static Facts clusters(Facts.Server... servers) {
        return new Facts(List.of(), List.of(servers), List.of(), null, List.of());
    }

    private static Facts.Server seen(String agent, String version, int days) {
        return new Facts.Server(
                "main", TeleportVersion.parse(version).orElseThrow(), Known.NOW.plus(Duration.ofDays(days)), agent);
    }

    /** What one agent makes up neither makes an alarm nor hides one, and dismissing it hides nothing else. */
    @Test
    void one_agent_does_not_outvote_the_others() {
        none(clusters(seen("a1", "18.0.0", 100), seen("a2", "18.0.0", 100), seen("liar", "99.0.0", 1)));
        Facts.Server lie = seen("liar", "18.0.0", 1000);
        Warning end = only(clusters(seen("a1", "18.0.0", 10), lie, seen("a2", "18.0.0", 10), lie, lie), Cause.AUTHORITY_EXPIRES);
        assertTrue(end.sentence().contains("2026-12-01T12:00:00Z, according to 2 agents (a1, a2)"), end.sentence());
        Warning newer = only(
                clusters(seen("a1", "21.0.0", 99), seen("a2", "21.0.1", 99), seen("liar", "99.0.0", 99)), Cause.NEWER_CLUSTER);
        // Agents of a cluster that is being updated: the same, whichever comes first.
        assertEquals(
                newer.id(),
                only(clusters(seen("a2", "21.0.1", 99), seen("a1", "21.0.1", 99), seen("liar", "17.0.0", 99)), Cause.NEWER_CLUSTER)
                        .id());
        assertNotEquals(newer.id(), only(clusters(seen("liar", "99.0.0", 99)), Cause.NEWER_CLUSTER).id());
    }

    /** With the agents that meet the one error the other one comes and goes. */
    @Test
    void another_error_is_another_warning_and_changes_nothing_of_the_first() {
        Facts.Member one = Known.failing("a1", Condition.FAILING, "cluster_unreachable", "refused", LONG);
        Facts.Member other = Known.failing("evil", Condition.FAILING, "rate_limited", "slow", LONG);
        Warning alone = only(Known.members(one), Cause.NOT_RENEWED);
        List<Warning> both = of(Known.members(one, other));
        assertEquals(List.of(Set.of("a1"), Set.of("evil")), both.stream().map(Warning::concerned).toList());
        assertEquals(alone.id(), both.get(0).id());
        Warning soon = only(Known.members(Known.expiring("a1", Duration.ofMinutes(14), LONG)), Cause.EXPIRES);
        assertEquals(
                List.of(soon.id()),
                of(Known.members(
                                Known.expiring("a1", Duration.ofMinutes(14), LONG),
                                Known.expiring("a2", Duration.ofMinutes(-1), LONG)))
                        .stream()
                        .filter(warning -> warning.concerned().contains("a1"))
                        .map(Warning::id)
                        .toList());
    }

    /** The constant and the page's table: its last column that isn't only read. */
    @Test
    void the_newest_version_is_the_one_of_the_page() throws IOException {
        List<String> table = Files.readString(Path.of("../../docs/compatibility.md"))
                .lines()
                .dropWhile(line -> !line.startsWith("| method |"))
                .takeWhile(line -> line.startsWith("|"))
                .toList();
        String[] head = table.get(0).split("\\|");
        int newest = 0;
        for (int column = 2; column < head.length; column++) {
            for (String row : table.subList(2, table.size())) {
                String cell = row.split("\\|")[column];
                if (cell.contains("real") || cell.contains("double")) {
                    Matcher major = Pattern.compile("(\\d+)").matcher(head[column]);
                    assertTrue(major.find(), head[column]);
                    newest = Math.max(newest, Integer.parseInt(major.group(1)));
                }
            }
        }
        assertEquals(newest, ClusterCauses.NEWEST_VERIFIED);
    }

    @Test
    void the_host_ca_of_a_cluster_ends() {
        none(Known.cluster("18.0.0", Known.NOW.plus(Duration.ofDays(31))));
        Warning warning = only(Known.cluster("18.0.0", Known.NOW.plus(Duration.ofDays(29))), Cause.AUTHORITY_EXPIRES);
        assertTrue(warning.sentence().contains("2026-12-20T12:00:00Z"), warning.sentence());
    }

    @Test
    void a_part_of_the_roles_that_the_next_version_refuses() {
        none(Known.cluster("18.7.0", null, Known.subset("a1")));
        none(Known.cluster("19.0.0", null, Known.well("a1")));
        none(Known.cluster("nonsense", null, Known.subset("a1")));
        Warning warning = only(Known.cluster("19.2.0", null, Known.subset("a1"), Known.subset("a2")), Cause.ROLE_SUBSET);
        assertTrue(warning.sentence().contains("Teleport 20 will refuse that; cluster main has 19.2.0"), warning.sentence());
        assertEquals(warning.id(), only(Known.cluster("19.3.0", null, Known.subset("a3")), Cause.ROLE_SUBSET).id());
        assertNotEquals(warning.id(), only(Known.cluster("20.0.0", null, Known.subset("a1")), Cause.ROLE_SUBSET).id());
    }

    @Test
    void a_next_key_that_token_resources_may_not_know() {
        none(Known.keys("", "", null, "jenkins-api (cluster main)"));
        none(Known.keys("next", "", null));
        Warning warning = only(Known.keys("next", "", Known.NOW, "b (cluster main)", "a (cluster main)"), Cause.NEXT_KEY);
        assertTrue(
                warning.sentence().contains("Signing key next is published, and signs from 2026-11-21T12:00:00Z on")
                        && warning.sentence().endsWith(": a (cluster main), b (cluster main)"),
                warning.sentence());
        assertNotEquals(
                warning.id(), only(Known.keys("other", "", Known.NOW, "a (cluster main)", "b (cluster main)"), Cause.NEXT_KEY).id());
        // One more identity that joins with statements: its resource has to know the key, too.
        assertNotEquals(
                warning.id(),
                only(Known.keys("next", "", Known.NOW, "a (cluster main)", "b (cluster main)", "c (cluster main)"), Cause.NEXT_KEY)
                        .id());
        only(Known.keys("", "announced", null, "a (cluster main)"), Cause.NEXT_KEY);
        none(Known.keys("", "now", null, "a (cluster main)"));
    }

    @Test
    void agents_without_a_library_by_platform() {
        List<Warning> warnings = of(Known.platforms(
                new Facts.Platform("w1", "windows-x86_64"),
                new Facts.Platform("w2", "windows-x86_64"),
                new Facts.Platform("m1", "macos-aarch64")));
        assertEquals(List.of("macos-aarch64", "windows-x86_64"), warnings.stream().map(Warning::subject).toList());
        assertEquals(2, warnings.get(1).agents());
    }

    /** One line for each cause and identity, and the builds that fail come first. */
    @Test
    void ten_thousand_agents_are_a_few_lines() {
        List<Facts.Member> members = new ArrayList<>(IntStream.range(0, 10_000)
                .mapToObj(i -> Known.failing("agent-" + i, Condition.FAILING, "cluster_unreachable", "refused " + i, LONG))
                .toList());
        members.add(Known.failing("locked", Condition.LOCKED, "bot_locked", "x", LONG));
        List<Warning> warnings = of(Known.members(members.toArray(Facts.Member[]::new)));
        assertEquals(List.of(Cause.LOCKED, Cause.NOT_RENEWED), warnings.stream().map(Warning::cause).toList());
        assertEquals(10_000, warnings.get(1).agents());
        assertTrue(warnings.get(1).sentence().length() < 400, warnings.get(1).sentence());
    }

    /** What an agent says of itself: no line ends, no length, nothing that turns the text around. */
    @Test
    void hostile_words_of_agents_stay_one_short_line() {
        String hostile = "</div><script>alert(1)</script>\n\u001b[31m\u202e" + "x".repeat(100_000);
        Facts.Member member = new Facts.Member(
                hostile, hostile, Condition.FAILING, hostile, hostile, Known.NOW.minus(LONG), Known.NOW.minus(LONG), null, "main", Known.NOW, true);
        Facts facts = new Facts(
                List.of(member),
                List.of(new Facts.Server("main", TeleportVersion.parse("19").get(), null, hostile)),
                List.of(new Facts.Platform(hostile, hostile)),
                null,
                List.of());
        Set<Cause> causes = EnumSet.noneOf(Cause.class);
        for (Warning warning : of(facts)) {
            causes.add(warning.cause());
            assertTrue(warning.sentence().length() < 6000, warning.cause() + " " + warning.sentence().length());
            assertTrue((warning.sentence() + warning.subject()).codePoints().noneMatch(c -> c < ' ' || c == 0x202e), warning.sentence());
            assertTrue(warning.id().matches("[0-9a-f]{32}") && !warning.place().contains("<"), warning.toString());
        }
        assertEquals(Set.of(Cause.NOT_RENEWED, Cause.EXPIRES, Cause.ROLE_SUBSET, Cause.PLATFORM), causes);
    }

    /** Each cause has its row on the page, and its example alert. */
    @Test
    void each_cause_is_on_the_page_and_has_an_alert() throws IOException {
        String page = Files.readString(Path.of("../../docs/monitors.md"));
        String alerts = Files.readString(Path.of("../../docs/metrics/alerts.yaml"));
        List<String> listed = Pattern.compile("^\\| `([a-z_]+)` \\| .+ \\| `(\\w+)` \\|$", Pattern.MULTILINE)
                .matcher(page)
                .results()
                .map(row -> row.group(1))
                .toList();
        assertEquals(Arrays.stream(Cause.values()).map(Cause::word).toList(), listed);
        for (Matcher rows = Pattern.compile("^\\| `([a-z_]+)` \\| .+ \\| `(\\w+)` \\|$", Pattern.MULTILINE).matcher(page); rows.find(); ) {
            String alert = alerts.lines()
                    .dropWhile(line -> !line.contains("- alert: " + rows.group(2)))
                    .limit(2)
                    .collect(Collectors.joining("\n"));
            assertTrue(alert.contains("jenkins_machine_id_warnings_" + rows.group(1)), rows.group() + alert);
        }
        assertFalse(listed.isEmpty());
    }
}
