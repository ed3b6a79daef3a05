// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.XmlFile;
import io.jenkins.plugins.machineid.issuer.Moment;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.report.Condition;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was dismissed stays away, over a restart too, and comes back when it is another warning. */
class WarningBoardTest {
    @TempDir
    Path home;

    private final Moment clock = new Moment();
    private Facts facts = Known.members();

    private WarningBoard board() {
        return new WarningBoard(() -> facts, new Dismissals(file()), clock);
    }

    private File file() {
        return home.resolve("dismissed.xml").toFile();
    }

    private static Facts.Member away(String agent) {
        return away(agent, "cluster_unreachable");
    }

    /** For ever. */
    private static Facts.Member away(String agent, String code) {
        return new Facts.Member(agent, "api", Condition.FAILING, code, "no", Instant.EPOCH, null, null, "main", Known.NOW, false);
    }

    private void dismissAll(WarningBoard board) throws IOException {
        for (WarningLine line : board.open()) {
            board.dismiss(line.getId());
        }
        assertEquals(0, board.open().size());
    }

    private void later(Duration time) {
        clock.pass(time);
    }

    @Test
    void a_dismissed_warning_stays_away_while_it_is_the_same() throws IOException {
        facts = Known.members(away("a1"), away("a2"));
        WarningBoard board = board();
        assertEquals(1, board.open().size());
        dismissAll(board);
        for (int hour = 0; hour < 48; hour++) {
            later(Duration.ofMinutes(59));
            facts = hour % 2 == 0 ? Known.members(away("a1")) : Known.members(away("a1"), away("a2"));
            assertEquals(0, board.open().size());
        }
        assertEquals(1, board.all().size());
        assertTrue(board.all().get(0).isDismissed());
        // Its number goes on being told.
        assertEquals(2, board.counts().get(Cause.NOT_RENEWED));
    }

    @Test
    void it_comes_back_with_another_error() throws IOException {
        facts = Known.members(away("a1"));
        WarningBoard board = board();
        dismissAll(board);
        facts = Known.members(away("a1", "rate_limited"));
        later(WarningBoard.FRESH);
        assertEquals(1, board.open().size());
    }

    @Test
    void it_comes_back_when_another_agent_is_concerned() throws IOException {
        facts = Known.members(away("a1"));
        WarningBoard board = board();
        dismissAll(board);
        facts = Known.members(away("a1"), away("a2"));
        later(WarningBoard.FRESH);
        assertEquals(1, board.open().size());
        dismissAll(board);
        // Not more than then, but another one; also after a restart.
        facts = Known.members(away("a 3,%"));
        later(WarningBoard.FRESH);
        assertEquals(1, board.open().size());
        dismissAll(board);
        assertEquals(0, board().open().size());
        facts = Known.members(away("a3"));
        assertEquals(1, board().open().size());
    }

    @Test
    void agents_are_remembered_up_to_a_limit_and_the_oldest_make_room() throws IOException {
        List<Facts.Member> many = new ArrayList<>();
        for (int i = 0; i < Dismissals.MOST_AGENTS; i++) {
            many.add(away("agent-" + i));
        }
        facts = Known.members(away("a1", "rate_limited"));
        WarningBoard board = board();
        dismissAll(board);
        many.add(away("a1", "rate_limited"));
        facts = Known.members(many.toArray(Facts.Member[]::new));
        later(WarningBoard.FRESH);
        assertEquals(1, board.open().size());
        board.dismiss(board.open().get(0).getId());
        assertEquals(List.of(1), board.open().stream().map(WarningLine::getAgents).toList());
    }

    @Test
    void it_comes_back_when_it_was_gone_for_an_hour() throws IOException {
        facts = Known.members(away("a1"));
        WarningBoard board = board();
        dismissAll(board);
        facts = Known.members();
        later(Dismissals.GONE.minusMinutes(1));
        assertEquals(0, board.all().size());
        facts = Known.members(away("a1"));
        later(WarningBoard.FRESH);
        assertEquals(0, board.open().size());
        facts = Known.members();
        later(Dismissals.GONE);
        assertEquals(0, board.all().size());
        assertEquals(List.of(), List.copyOf((Collection<?>) XmlFile.DISK.get(file())));
        facts = Known.members(away("a1"));
        later(WarningBoard.FRESH);
        assertEquals(1, board.open().size());
    }

    /** Agents report anew after it: nothing is known for a while. */
    @Test
    void a_restart_changes_nothing() throws IOException {
        facts = Known.members(away("a1"));
        dismissAll(board());
        later(Duration.ofDays(3));
        facts = Known.members();
        WarningBoard again = board();
        assertEquals(0, again.all().size());
        later(Duration.ofMinutes(30));
        facts = Known.members(away("a1"));
        assertEquals(0, again.open().size());
        assertEquals(1, again.all().size());
    }

    @Test
    void it_can_be_shown_again() throws IOException {
        facts = Known.members(away("a1"));
        WarningBoard board = board();
        String id = board.open().get(0).getId();
        board.dismiss(id);
        board.restore(id);
        assertEquals(1, board.open().size());
        assertEquals(1, board().open().size());
    }

    @Test
    void one_that_has_changed_meanwhile_is_not_dismissed_by_an_old_page() throws IOException {
        facts = Known.members(away("a1"));
        WarningBoard board = board();
        String id = board.open().get(0).getId();
        facts = Known.members(away("a1", "rate_limited"));
        later(WarningBoard.FRESH);
        board.dismiss(id);
        board.dismiss("nonsense");
        board.dismiss(null);
        assertEquals(1, board.open().size());
        assertEquals(null, XmlFile.DISK.get(file()));
    }

    @Test
    void what_can_not_be_saved_or_read_is_told_and_hides_nothing() throws IOException {
        facts = Known.members(away("a1"));
        WarningBoard board = board();
        XmlFile.DISK.put(file(), new IOException("disk full"));
        assertThrows(IOException.class, () -> board.dismiss(board.open().get(0).getId()));
        assertEquals(1, board().open().size());
        XmlFile.DISK.put(file(), List.of("", "x".repeat(100), "g".repeat(32) + " 1 1", 7, List.of()));
        assertEquals(1, board().open().size());
    }

    @Test
    void not_more_is_kept_than_a_thousand() throws IOException {
        TeleportVersion newer = TeleportVersion.parse("21").orElseThrow();
        List<Facts.Server> clusters = IntStream.range(0, Dismissals.MOST + 20)
                .mapToObj(i -> new Facts.Server("cluster-" + i, newer, null, "a1"))
                .toList();
        facts = new Facts(List.of(), clusters, List.of(), null, List.of());
        WarningBoard board = board();
        List<WarningLine> all = board.open();
        for (WarningLine line : all) {
            board.dismiss(line.getId());
        }
        assertEquals(Dismissals.MOST, ((Collection<?>) XmlFile.DISK.get(file())).size());
        // The oldest made room.
        assertEquals(
                all.subList(0, 20).stream().map(WarningLine::getId).toList(),
                board.open().stream().map(WarningLine::getId).toList());
    }

    /** It is asked on each page. */
    @Test
    void facts_are_gathered_once_in_a_few_seconds() {
        int[] gathered = new int[1];
        WarningBoard board = new WarningBoard(
                () -> {
                    gathered[0]++;
                    return facts;
                },
                new Dismissals(file()),
                clock);
        for (int page = 0; page < 100; page++) {
            board.open();
            board.counts();
        }
        assertEquals(1, gathered[0]);
        later(WarningBoard.FRESH);
        board.open();
        assertEquals(2, gathered[0]);
    }
}
