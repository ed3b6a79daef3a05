// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
    @TempDir
    Path home;

    private Path directory() {
        return home.resolve("logs/machine-id");
    }

    private Path file() {
        return directory().resolve(LogFile.NAME);
    }

    private static MachineIdEvent event(String job) {
        return new MachineIdEvent(MachineIdEvent.Type.RELEASED, Map.of(AuditField.JOB, job));
    }

    private List<JSONObject> lines() throws IOException {
        return Files.readAllLines(file()).stream().map(JSONObject::new).toList();
    }

    @Test
    void only_its_owner_reads_it() throws IOException {
        EventLog log = new EventLog(new LogFile(directory(), LogFile.LARGEST), () -> true);
        log.onEvent(event("one\u2028two\n\"three\""));
        assertEquals("one\u2028two\n\"three\"", lines().get(0).getString("job"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())));
    }

    @Test
    void it_is_changed_for_another_when_it_is_full_and_the_oldest_goes() throws IOException {
        int line = event("job-100").json().length() + 1;
        LogFile small = new LogFile(directory(), 3L * line);
        EventLog log = new EventLog(small, () -> true);
        int files = LogFile.KEPT + 3;
        for (int i = 100; i < 100 + 3 * files; i++) {
            log.onEvent(event("job-" + i));
        }
        try (var all = Files.list(directory())) {
            assertEquals(LogFile.KEPT + 1, all.count());
        }
        assertEquals("job-" + (100 + 3 * files - 1), lines().get(2).getString("job"));
        for (int number = 1; number <= LogFile.KEPT; number++) {
            Path older = directory().resolve(LogFile.NAME + "." + number);
            assertTrue(Files.size(older) <= 3L * line);
            assertTrue(Files.readString(older).contains("job-" + (100 + 3 * (files - 1 - number))), older.toString());
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(older)));
        }
    }

    @Test
    void what_could_not_be_written_is_told_once_and_counted() throws IOException {
        Files.createDirectories(directory().getParent());
        // In its way is a file: as with a full disk, nothing can be written.
        Files.writeString(directory(), "");
        EventLog log = new EventLog(new LogFile(directory(), LogFile.LARGEST), () -> true);
        List<LogRecord> told = new ArrayList<>();
        Logger logger = Logger.getLogger(EventLog.class.getName());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                told.add(record);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try {
            log.onEvent(event("one"));
            log.onEvent(event("two"));
            log.onLost(3);
            assertEquals(1, told.size());
            Files.delete(directory());
            log.onEvent(event("three"));
            log.onEvent(event("four"));
            assertEquals(1, told.size());
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
        assertEquals(List.of("lost", "released", "released"), lines().stream().map(line -> line.getString("event")).toList());
        assertEquals(5, lines().get(0).getInt("count"));
        assertEquals("three", lines().get(1).getString("job"));
    }

    /** A controller that was killed in the middle of a line. */
    @Test
    void half_a_line_spoils_no_other() throws IOException {
        EventLog log = new EventLog(new LogFile(directory(), LogFile.LARGEST), () -> true);
        log.onEvent(event("one"));
        Files.writeString(file(), Files.readString(file()) + "{\"time\":\"20");
        log.onEvent(event("two"));
        List<String> lines = Files.readAllLines(file());
        assertEquals(3, lines.size());
        assertEquals("two", new JSONObject(lines.get(2)).getString("job"));
    }

    @Test
    void it_is_written_again_after_somebody_moved_it_away() throws IOException {
        EventLog log = new EventLog(new LogFile(directory(), LogFile.LARGEST), () -> true);
        log.onEvent(event("one"));
        Files.move(file(), home.resolve("shipped"));
        log.onEvent(event("two"));
        assertEquals(1, lines().size());
    }

    @Test
    void where_it_is_off_there_is_no_file() {
        EventLog log = new EventLog(new LogFile(directory(), LogFile.LARGEST), () -> false);
        log.onEvent(event("one"));
        assertFalse(Files.exists(directory()));
    }
}
