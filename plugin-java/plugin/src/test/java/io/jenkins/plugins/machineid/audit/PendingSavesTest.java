// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeRun;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import java.util.List;
import org.json.JSONArray;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a build's record is on disk: at once what is new, in a moment what is more of the same, and never nothing of it. */
@Timeout(60)
class PendingSavesTest {
    private final FakeRun run = new FakeRun("team-a/app", "team-a/app#7");
    private final MachineIdAction record = MachineIdAction.of(run);
    /** What the last save has written. */
    private volatile List<LeaseRecord> leases = List.of();

    private volatile List<CertificateRecord> certificates = List.of();
    private volatile RuntimeException trouble;

    @BeforeEach
    void look() {
        run.saved = () -> {
            if (trouble != null) {
                throw trouble;
            }
            leases = record.getLeases();
            certificates = record.getCertificates();
        };
    }

    private void block(String lease, String identity) throws NativeFailure {
        Allowance allowed = Records.allowance(lease, identity, "worker-1");
        record.grant(allowed, "team-a/app");
        record.record(allowed, Records.reported(Records.certificate(lease)), 0);
    }

    private void until(java.util.function.BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }

    @Test
    void a_first_block_of_an_identity_is_saved_before_it_runs() throws Exception {
        block("1", "api");
        assertEquals(1, leases.size());
        assertEquals(1, certificates.size());
        block("2", "other");
        assertEquals(2, leases.size());
        assertEquals(2, run.saves);
    }

    @Test
    void a_hundred_blocks_of_the_same_are_no_hundred_saves_and_all_are_saved() throws Exception {
        long begin = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            String lease = String.valueOf(i);
            block(lease, "api");
            record.released(Records.allowance(lease), "removed");
        }
        until(() -> leases.size() == 100 && leases.get(99).getReleased() != null);
        long moments = 1 + (System.nanoTime() - begin) / 1_000_000 / PendingSaves.DELAY_MS;
        assertTrue(run.saves <= 1 + moments, run.saves + " saves in " + moments + " moments");
        assertEquals(100, certificates.size());
    }

    @Test
    void what_was_not_allowed_is_saved_at_once() throws Exception {
        block("1", "api");
        var forged = Records.certificate("2").put("roles", new JSONArray(List.of("admin")));
        record.record(Records.allowance("1"), Records.reported(forged), 0);
        assertEquals(2, certificates.size());
        record.refuse(Records.refusal(), "worker-1", "root");
        assertEquals(3, run.saves);
    }

    @Test
    void the_end_of_a_build_and_of_the_controller_leave_nothing_unsaved() throws Exception {
        block("1", "api");
        block("2", "api");
        new ShutdownSaves().onBeforeShutdown();
        assertEquals(2, leases.size());
        block("3", "api");
        long begin = System.nanoTime();
        new BuildSaves().onFinalized(run);
        until(() -> leases.size() == 3);
        assertTrue(run.saves <= 3, "saves " + run.saves);
        assertTrue(System.nanoTime() > begin);
    }

    @Test
    void a_build_that_is_deleted_is_not_saved_any_more() throws Exception {
        block("1", "api");
        block("2", "api");
        new BuildSaves().onDeleted(run);
        new ShutdownSaves().onBeforeShutdown();
        assertEquals(1, run.saves);
    }

    @Test
    void a_save_that_fails_is_no_end_of_saving() throws Exception {
        block("1", "api");
        trouble = new IllegalStateException("another plugin's");
        block("2", "api");
        new ShutdownSaves().onBeforeShutdown();
        trouble = null;
        block("3", "api");
        new ShutdownSaves().onBeforeShutdown();
        assertEquals(3, leases.size());
    }

    /** A controller that was killed has lost what it hadn't saved; what is taken again afterwards is in the record again. */
    @Test
    void a_lease_that_was_lost_with_the_process_is_noted_when_it_is_taken_again() {
        Allowance allowed = Records.allowance("1");
        record.grantedBefore(allowed, "team-a/app");
        record.grantedBefore(allowed, "team-a/app");
        assertEquals(1, record.getLeases().size());
        assertEquals(0, record.getLeasesDropped());
    }
}
