// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.ExtensionList;
import hudson.model.FakeRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The documentation lists each field and each event, says where each field is, and repeats the limits as they are. */
class AuditPageTest {
    private static final Path PAGE = Path.of("../../docs/audit.md");
    private static final Pattern FIELD = Pattern.compile("^\\| `(\\w+)` \\| .+ \\|([a-z ]*)\\|([a-z_ ]*)\\|$", Pattern.MULTILINE);
    private static final Pattern EVENT = Pattern.compile("^\\| `(\\w+)` \\| [^|]+ \\|$", Pattern.MULTILINE);

    private static Map<String, List<String>> fields() throws IOException {
        Map<String, List<String>> fields = new LinkedHashMap<>();
        Matcher rows = FIELD.matcher(Files.readString(PAGE));
        while (rows.find()) {
            fields.put(rows.group(1), List.of(rows.group(2), rows.group(3)));
        }
        return fields;
    }

    @Test
    void each_field_is_there_in_its_order() throws IOException {
        assertEquals(Arrays.stream(AuditField.values()).map(AuditField::word).toList(), List.copyOf(fields().keySet()));
    }

    @Test
    void each_event_is_there() throws IOException {
        List<String> listed = EVENT.matcher(Files.readString(PAGE)).results().map(row -> row.group(1)).toList();
        assertEquals(Arrays.stream(MachineIdEvent.Type.values()).map(MachineIdEvent.Type::word).toList(), listed);
    }

    private static Set<String> words(String cell, Set<String> all) {
        return cell.trim().equals("all") ? all : cell.isBlank() ? Set.of() : new TreeSet<>(List.of(cell.trim().split(" ")));
    }

    private static void add(Map<String, Set<String>> seen, Map<AuditField, Object> facts, String where) {
        facts.keySet().forEach(field -> seen.computeIfAbsent(field.word(), unused -> new TreeSet<>()).add(where));
    }

    @Test
    void each_field_is_where_the_page_says() throws Exception {
        BlockingQueue<MachineIdEvent> told = new LinkedBlockingQueue<>();
        MachineIdListener listener = new MachineIdListener() {
            @Override
            public void onEvent(MachineIdEvent event) {
                told.add(event);
            }
        };
        ExtensionList.lookup(MachineIdListener.class).add(listener);
        Map<String, Set<String>> inEvents = new TreeMap<>();
        Map<String, Set<String>> inDownloads = new TreeMap<>();
        FakeRun run;
        try {
            run = Records.build();
            // One whose first certificate is at fault.
            MachineIdAction.of(run).record(
                    Records.allowance("l2"), Records.reported(Records.certificate("1").put("roles", List.of("admin"))), 0);
            for (int i = 0; i < 6; i++) {
                MachineIdEvent event = told.poll(20, TimeUnit.SECONDS);
                add(inEvents, event.facts(), event.type().word());
            }
        } finally {
            ExtensionList.lookup(MachineIdListener.class).remove(listener);
        }
        add(inEvents, new MachineIdEvent(MachineIdEvent.Type.LOST, Map.of(AuditField.COUNT, 1L)).facts(), "lost");
        add(inEvents, Events.noMore(run, Records.allowance("l1")).facts(), "lost");
        for (MachineIdEvent.Type type : MachineIdEvent.Type.values()) {
            if (inEvents.get("roles").contains(type.word())) {
                add(inEvents, new MachineIdEvent(type, Map.of(AuditField.ROLES, Collections.nCopies(30, "r"))).facts(), type.word());
            }
        }
        MachineIdAction record = MachineIdAction.of(run);
        record.record(Records.allowance("l1"), List.of(), 1);
        for (Map<AuditField, Object> row : Download.rows(run, record)) {
            add(inDownloads, row, row.get(AuditField.RECORD).toString().replaceAll("^\\w+_left_out$", "left_out"));
        }
        Set<String> events = new TreeSet<>(Arrays.stream(MachineIdEvent.Type.values()).map(MachineIdEvent.Type::word).toList());
        Set<String> records = Set.of("lease", "certificate", "refusal", "left_out");
        fields().forEach((field, where) -> {
            assertEquals(words(where.get(0), events), inEvents.getOrDefault(field, Set.of()), field + " in events");
            assertEquals(words(where.get(1), records), inDownloads.getOrDefault(field, Set.of()), field + " in downloads");
        });
    }

    @Test
    void the_limits_are_as_they_are() throws IOException {
        String page = Files.readString(PAGE).replaceAll("\\s+", " ");
        for (String part : List.of(
                "A build keeps " + RecordLimits.RECORDS + " leases, " + RecordLimits.RECORDS + " certificates (" + RecordLimits.SIZE / 1024
                        + " KiB of text in all) and " + RecordLimits.RECORDS + " refusals. " + RecordLimits.RESERVED + " more certificates",
                "and " + RecordLimits.RESERVED + " more leases",
                "A file of " + (LogFile.LARGEST >> 20) + " MiB is renamed to `" + LogFile.NAME + ".1`",
                "have " + (RecordLimits.EVENTS_OF_A_LEASE >> 20) + " MiB of lines",
                RecordLimits.EVENTS_OF_A_LEASE / 8 / 1024 + " KiB more are kept",
                "at most " + RecordLimits.EVENT_ITEMS + " entries and " + RecordLimits.EVENT_LIST + " bytes",
                "up to " + ListenerQueue.LONGEST + " events wait")) {
            assertTrue(page.contains(part), part);
        }
        assertEquals(9, LogFile.KEPT, "in words on the page");
    }
}
