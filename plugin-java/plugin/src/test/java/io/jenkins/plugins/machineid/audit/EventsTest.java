// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.ExtensionList;
import hudson.model.FakeRun;
import io.jenkins.plugins.machineid.reply.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What listeners are told, and what they can't do to a build. */
@Timeout(60)
class EventsTest {
    private final List<MachineIdListener> mine = new ArrayList<>();

    /** Keeps what it is told. */
    private static class Listening extends MachineIdListener {
        final BlockingQueue<MachineIdEvent> events = new LinkedBlockingQueue<>();
        final BlockingQueue<Long> lost = new LinkedBlockingQueue<>();

        @Override
        public void onEvent(MachineIdEvent event) {
            events.add(event);
        }

        @Override
        public void onLost(long count) {
            lost.add(count);
        }

        MachineIdEvent next() throws InterruptedException {
            MachineIdEvent event = events.poll(20, TimeUnit.SECONDS);
            assertTrue(event != null, "no event came");
            return event;
        }
    }

    private <T extends MachineIdListener> T listen(T listener) {
        ExtensionList.lookup(MachineIdListener.class).add(listener);
        mine.add(listener);
        return listener;
    }

    @AfterEach
    void forget() {
        mine.forEach(ExtensionList.lookup(MachineIdListener.class)::remove);
    }

    @Test
    void each_event_is_told_once_and_in_order() throws Exception {
        Listening listener = listen(new Listening());
        Records.build();
        List<MachineIdEvent> told = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            told.add(listener.next());
        }
        assertEquals(
                List.of("signed", "issued", "renewed", "released", "refused"),
                told.stream().map(event -> event.type().word()).toList());
        for (MachineIdEvent event : told) {
            JSONObject line = new JSONObject(event.json());
            assertFalse(event.json().contains("\n"), event.json());
            assertEquals("team-a/app", line.getString("job"));
            assertEquals(42, line.getInt("build"));
            assertEquals("https://ci.example.com/job/team-a/job/app/42/", line.getString("url"));
            assertEquals("worker-1", line.getString("agent"));
            assertEquals("api", line.getString("identity"));
        }
        assertEquals(Records.STATEMENT, told.get(0).text(AuditField.STATEMENT));
        assertEquals("1", told.get(1).text(AuditField.SERIAL));
        assertEquals("", told.get(1).text(AuditField.VIOLATION));
        assertTrue(told.get(2).text(AuditField.VIOLATION).contains("'admin'"));
        assertEquals("removed", told.get(3).text(AuditField.DIRECTORY));
        assertEquals("policy_job", told.get(4).text(AuditField.RULE));
        assertNull(listener.events.poll(200, TimeUnit.MILLISECONDS));
    }

    @Test
    void a_listener_that_throws_is_told_the_next_event_and_harms_nobody() throws Exception {
        Listening bad = listen(new Listening() {
            @Override
            public void onEvent(MachineIdEvent event) {
                super.onEvent(event);
                if (event.type() == MachineIdEvent.Type.SIGNED) {
                    throw new NoClassDefFoundError("gone");
                }
                throw new IllegalStateException("no");
            }
        });
        Listening good = listen(new Listening());
        FakeRun run = Records.build();
        for (int i = 0; i < 5; i++) {
            assertEquals(good.next().type(), bad.next().type());
        }
        assertEquals(2, MachineIdAction.of(run).getCertificates().size());
    }

    @Test
    void nobody_waits_for_a_listener_that_hangs_and_it_is_told_how_many_it_has_missed() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch open = new CountDownLatch(1);
        Listening hanging = listen(new Listening() {
            @Override
            public void onEvent(MachineIdEvent event) {
                begun.countDown();
                try {
                    open.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                super.onEvent(event);
            }
        });
        Listening good = listen(new Listening());
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        record.signed(Records.allowance("l"), Records.STATEMENT);
        good.next();
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        // One is with the listener, and so many wait for it.
        for (int i = 0; i < ListenerQueue.LONGEST + 7; i++) {
            record.signed(Records.allowance("l"), Records.STATEMENT);
            good.next();
        }
        assertTrue(hanging.events.isEmpty());
        open.countDown();
        assertEquals(7L, hanging.lost.poll(20, TimeUnit.SECONDS));
        for (int i = 0; i < ListenerQueue.LONGEST + 1; i++) {
            hanging.next();
        }
        assertTrue(good.lost.isEmpty());
    }

    /** A job asks for what it may not have, in a loop. */
    @Test
    void refusals_are_told_as_often_as_they_are_kept() throws Exception {
        Listening listener = listen(new Listening());
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        for (int i = 0; i < RecordLimits.RECORDS + 20; i++) {
            record.refuse(Records.refusal(), "worker-1", "x".repeat(5000));
            if (i < RecordLimits.RECORDS) {
                assertTrue(listener.next().json().length() < 2000);
            }
        }
        assertNull(listener.events.poll(200, TimeUnit.MILLISECONDS));
        assertEquals(20, record.getRefusalsDropped());
        assertEquals(RecordLimits.RECORDS, record.getRefusals().size());
    }

    /** An agent with an attacker's principals: neither the log nor a listener's queue is filled with them. */
    @Test
    void the_events_of_a_lease_are_bounded_however_long_its_certificates_are() throws Exception {
        Listening listener = listen(new Listening());
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        // A character that JSON writes as six.
        String wide = "\u20ac".repeat(300);
        List<String> names = List.of("kind", "output", "target", "key_id", "serial", "fingerprint", "valid_from", "valid_until");
        JSONObject widest = Records.certificate("0");
        names.forEach(name -> widest.put(name, wide));
        widest.put("roles", Collections.nCopies(1000, wide)).put("principals", Collections.nCopies(1000, wide));
        record.record(Records.allowance("wide"), Records.reported(widest), 0);
        String widestLine = listener.next().json();
        assertTrue(widestLine.getBytes(StandardCharsets.UTF_8).length < 5000, widestLine);
        assertTrue(new JSONObject(widestLine).getInt("left_out") > 100, widestLine);
        int told = 0;
        long size = 0;
        for (int left = 20, i = 0; left > 0; i++) {
            JSONObject one = Records.certificate(String.valueOf(i)).put("target", "t".repeat(300));
            one.put("principals", Collections.nCopies(i == 0 ? 1000 : 30, "p".repeat(300)));
            record.record(Records.allowance("l"), Records.reported(one), 0);
            MachineIdEvent event = left < 20 ? null : listener.next();
            if (event == null || event.type() == MachineIdEvent.Type.LOST) {
                left--;
                continue;
            }
            told++;
            size += event.json().getBytes(StandardCharsets.UTF_8).length;
        }
        assertTrue(told > 200, "told " + told);
        assertTrue(size <= RecordLimits.EVENTS_OF_A_LEASE * 9L / 8, "size " + size);
        assertNull(listener.events.poll(200, TimeUnit.MILLISECONDS));
        // Another lease has its own, and one that is over has none any more.
        record.record(Records.allowance("other"), Records.reported(Records.certificate("1")), 0);
        assertEquals("other", listener.next().text(AuditField.LEASE));
        record.released(Records.allowance("other"), "removed");
        assertEquals(MachineIdEvent.Type.RELEASED, listener.next().type());
        record.record(Records.allowance("other"), Records.reported(Records.certificate("2")), 0);
        assertNull(listener.events.poll(200, TimeUnit.MILLISECONDS));
    }

    /** Harmless certificates use up what a lease has: what wasn't granted is told all the same. */
    @Test
    void a_violation_is_told_after_an_agent_has_used_up_its_room() throws Exception {
        Listening listener = listen(new Listening());
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        for (int i = 0; ; i++) {
            record.record(Records.allowance("l"), Records.reported(Records.certificate(String.valueOf(i))), 0);
            if (listener.next().type() == MachineIdEvent.Type.LOST) {
                break;
            }
        }
        JSONObject forged = Records.certificate("1").put("roles", new JSONArray(List.of("admin")));
        record.record(Records.allowance("l"), Records.reported(forged), 0);
        assertTrue(listener.next().text(AuditField.VIOLATION).contains("'admin'"));
    }

    /** An agent tells of the same certificates each minute, also of those that the record has no room for. */
    @Test
    void a_certificate_without_a_place_in_the_record_is_told_once() throws Exception {
        Listening listener = listen(new Listening());
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/app", "team-a/app#1"));
        int more = RecordLimits.RECORDS + 30;
        List<List<Reply>> reports = new ArrayList<>();
        for (int i = 0; i < more; i++) {
            reports.add(Records.reported(Records.certificate(String.valueOf(i))));
        }
        for (int round = 0; round < 2; round++) {
            for (List<Reply> report : reports) {
                record.record(Records.allowance("l"), report, 0);
            }
        }
        assertEquals(MachineIdEvent.Type.ISSUED, listener.next().type());
        for (int i = 1; i < more; i++) {
            MachineIdEvent event = listener.next();
            assertEquals(MachineIdEvent.Type.RENEWED, event.type());
            assertEquals(String.valueOf(i), event.text(AuditField.SERIAL));
        }
        assertNull(listener.events.poll(200, TimeUnit.MILLISECONDS));
    }
}
