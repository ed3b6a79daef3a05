// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.StatusTask;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.audit.Inspection;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** An agent that tells of other certificates than it got, or of fewer than it would like to. */
class AuditAttackTest {
    private static final LeaseOptions OPTIONS = new LeaseOptions("api", null, null, List.of("prod"), null, null, null);

    private static Allowance allowance(String... roles) {
        return new LeaseRequest(new Grant("api", List.of(roles), Blocks.TTL), OPTIONS).allowance("l", "a1");
    }

    private static String fault(Allowance allowed, JSONObject certificate) throws NativeFailure {
        Reply reply = Blocks.reply(Blocks.acquired(certificate)).objects("certificates").get(0);
        return Inspection.fault(allowed, reply, "bot-api", Instant.now());
    }

    private static String fault(String key, Object value) throws NativeFailure {
        return fault(allowance(Blocks.ROLE), Blocks.certificate().put(key, value));
    }

    private static JSONArray list(Object... values) {
        return new JSONArray(List.of(values));
    }

    @Test
    void a13HonestCertificatesAreAsAllowed() throws NativeFailure {
        assertNull(fault(allowance(Blocks.ROLE), Blocks.certificate()));
        assertNull(fault(allowance(), Blocks.certificate().put("roles", list("whatever", "the-bot-may-take"))));
        assertNull(fault("fingerprint", "SHA256:" + "0".repeat(64)));
        assertNull(fault(
                allowance(Blocks.ROLE),
                Blocks.certificate().put("kind", "x509").put("output", "kubernetes").put("target", "prod")));
        // One of an hour ago, by which the lease was held since.
        assertNull(fault(
                allowance(Blocks.ROLE),
                Blocks.certificate()
                        .put("valid_from", Instant.now().minusSeconds(3660).toString())
                        .put("valid_until", Instant.now().minusSeconds(1800).toString())));
    }

    @Test
    void a13WhatWasNotAllowedIsAViolation() throws NativeFailure {
        Instant now = Instant.now();
        Map<String, Object> forged = new LinkedHashMap<>();
        forged.put("kind", "tls");
        forged.put("output", "database");
        forged.put("target", "other");
        forged.put("key_id", "alice");
        forged.put("serial", "17; drop");
        forged.put("fingerprint", "SHA256:short");
        forged.put("roles", list(Blocks.ROLE, "admin"));
        forged.put("principals", "jenkins");
        forged.put("valid_from", now.minusSeconds(4000).toString());
        forged.put("valid_until", now.plusSeconds(Blocks.TTL + 3600).toString());
        for (Map.Entry<String, Object> one : forged.entrySet()) {
            assertNotNull(fault(one.getKey(), one.getValue()), one.toString());
            JSONObject without = Blocks.certificate();
            without.remove(one.getKey());
            assertNotNull(fault(allowance(Blocks.ROLE), without), "without " + one.getKey());
        }
        assertNotNull(fault("key_id", "bot-other"));
        assertNotNull(fault("key_id", "bot-api\u202e"));
        // A role that looks like the one that was granted, and one that hides at the end of a long list.
        assertNotNull(fault("roles", list(Blocks.ROLE + "\u200b")));
        List<Object> many = new ArrayList<>(java.util.Collections.nCopies(5000, Blocks.ROLE));
        many.add("admin");
        assertNotNull(fault("roles", new JSONArray(many)));
        assertNotNull(fault("roles", list(Blocks.ROLE, 1)));
        // As long as granted, but in days to come.
        assertNotNull(fault(
                allowance(Blocks.ROLE),
                Blocks.certificate()
                        .put("valid_from", now.plusSeconds(86_400).toString())
                        .put("valid_until", now.plusSeconds(86_400 + Blocks.TTL).toString())));
    }

    @Test
    void a13AViolationFailsTheBlockAndStandsInItsRecord() {
        Blocks.configure("team-a/**");
        JSONObject forged = Blocks.certificate().put("roles", list("admin"));
        FakeAgent agent = new FakeAgent("a13", new FakeChannel(task -> Answers.of(Blocks.ok(Blocks.acquired(forged)))));
        FakeRun run = new FakeRun("team-a/deploy", "deploy#1");
        Blocks.Block block = new Blocks.Block(agent, run);
        AuditViolation told =
                assertThrows(AuditViolation.class, () -> block.session.acquire(run, block.listener(), false));
        assertTrue(told.getMessage().endsWith("[audit_violation]") && told.getMessage().contains("'admin'"), told.getMessage());
        MachineIdAction record = MachineIdAction.of(run);
        assertTrue(record.getCertificates().get(0).getViolation().contains("'admin'"));
        assertEquals(List.of(Blocks.ROLE), record.getLeases().get(0).getRoles());
        assertEquals("team-a/deploy", record.getLeases().get(0).getJob());
        assertFalse(ActiveLeases.get().contains("a13", block.session.lease()));
        agent.delete();
    }

    @Test
    void a13ALeaseWithoutAnyCertificateIsAViolation() {
        Blocks.configure("team-a/**");
        FakeAgent agent = new FakeAgent("a13-none", new FakeChannel(task -> Answers.of(Blocks.ok(Blocks.acquired()))));
        FakeRun run = new FakeRun("team-a/deploy", "deploy#1");
        Blocks.Block block = new Blocks.Block(agent, run);
        assertThrows(AuditViolation.class, () -> block.session.acquire(run, block.listener(), false));
        agent.delete();
    }

    @Test
    void a13RenewedCertificatesAreInTheRecordOnce() throws Exception {
        Blocks.configure("team-a/**");
        JSONObject first = Blocks.certificate();
        JSONObject renewed = Blocks.certificate().put("serial", "18");
        JSONObject last = Blocks.certificate().put("serial", "19");
        FakeRun run = new FakeRun("team-a/deploy", "deploy#1");
        String[] lease = new String[1];
        FakeAgent agent = new FakeAgent("a13-renewed", new FakeChannel(task -> {
            if (task instanceof StatusTask) {
                JSONObject held = Blocks.acquired(first, renewed).put("lease", lease[0]);
                JSONObject status = new JSONObject().put("leases", new JSONArray(List.of(held)));
                return Answers.status(Blocks.ok(status));
            }
            return Answers.of(Blocks.ok(Blocks.acquired(first).put("released", true)));
        }));
        Blocks.Block block = new Blocks.Block(agent, run);
        lease[0] = block.session.lease();
        block.session.acquire(run, block.listener(), false);
        AgentLink link = AgentLink.to(agent.computer());
        Sweep.run("a13-renewed", link, false);
        Sweep.run("a13-renewed", link, false);
        agent.channel = new FakeChannel(task -> Answers.of(Blocks.ok(Blocks.acquired(first, renewed, last))));
        block.session.releaseNow(run);
        assertEquals(
                List.of("17", "18", "19"),
                MachineIdAction.of(run).getCertificates().stream().map(record -> record.getSerial()).toList());
        assertNotNull(MachineIdAction.of(run).getLeases().get(0).getReleased());
        agent.delete();
    }

    @Test
    void a13AForgedRenewalEndsTheBlock() throws Exception {
        FakeAgent agent = new FakeAgent("a13-later", new FakeChannel(task -> FakeChannel.SILENCE));
        Blocks.Block block = new Blocks.Block(agent, new FakeRun("team-a/deploy", "deploy#1"));
        JSONObject held = Blocks.acquired(Blocks.certificate().put("roles", list("admin"))).put("lease", block.session.lease());
        // Another agent has no say in it.
        ActiveLeases.get().note("other", Blocks.reply(held));
        assertFalse(block.refusal.isDone());
        ActiveLeases.get().note("a13-later", Blocks.reply(held));
        assertTrue(block.refusal.get(5, TimeUnit.SECONDS) instanceof AuditViolation);
        agent.delete();
        ActiveLeases.get().remove(block.session.lease());
    }

    @Test
    void a13AnAgentCanNotGrowTheRecordWithoutEnd() throws Exception {
        FakeRun run = new FakeRun("team-a/deploy", "deploy#1");
        MachineIdAction record = MachineIdAction.of(run);
        JSONArray wide = new JSONArray();
        for (int i = 0; i < 100; i++) {
            wide.put("r".repeat(290) + i);
        }
        for (int round = 0; round < 10; round++) {
            List<Reply> many = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                JSONObject one = Blocks.certificate().put("serial", String.valueOf(round * 1000 + i)).put("principals", wide);
                many.addAll(Blocks.reply(Blocks.acquired(one)).objects("certificates"));
            }
            record.record(allowance(Blocks.ROLE), many, 0);
        }
        int size = record.getCertificates().stream()
                .mapToInt(one -> one.getPrincipalsText().length() + one.getRolesText().length())
                .sum();
        assertTrue(size < 700_000, "size " + size);
        assertTrue(record.getCertificatesDropped() > 0);
        // What isn't as allowed still finds room.
        JSONObject forged = Blocks.certificate().put("roles", list("admin"));
        assertNotNull(record.record(
                allowance(Blocks.ROLE), Blocks.reply(Blocks.acquired(forged)).objects("certificates"), 0));
        assertTrue(record.getCertificates().stream().anyMatch(one -> one.getViolation() != null));
    }

    /** A pipeline fills its record with harmless blocks, so that nobody sees what comes after. */
    @Test
    void a13WhatHasNoRoomIsCounted() throws Exception {
        MachineIdAction record = MachineIdAction.of(new FakeRun("team-a/deploy", "deploy#1"));
        for (int block = 0; block < 600; block++) {
            Allowance allowed = new LeaseRequest(new Grant("api", List.of(), Blocks.TTL), OPTIONS).allowance("l" + block, "a1");
            record.grant(allowed, "team-a/deploy");
            JSONObject one = Blocks.certificate().put("serial", String.valueOf(block));
            for (int round = 0; round < 3; round++) {
                record.record(allowed, Blocks.reply(Blocks.acquired(one)).objects("certificates"), 1);
            }
            record.released(allowed, "removed");
        }
        assertEquals(600 - record.getLeases().size(), record.getLeasesDropped());
        assertEquals(600 - record.getCertificates().size() + 600, record.getCertificatesDropped());
    }

    /** An agent names one lease a thousand times in a status, each time with something new to be saved. */
    @Test
    void a13AStatusWritesTheBuildsRecordAFewTimes() throws Exception {
        FakeRun run = new FakeRun("team-a/deploy", "deploy#1");
        String[] lease = new String[1];
        FakeAgent agent = new FakeAgent("a13-often", new FakeChannel(task -> {
            JSONArray leases = new JSONArray();
            for (int i = 1; i <= 1000; i++) {
                leases.put(new JSONObject().put("lease", lease[0]).put("certificates_dropped", i));
            }
            JSONObject status = new JSONObject().put("leases", leases);
            return Answers.status(Blocks.ok(status));
        }));
        Blocks.Block block = new Blocks.Block(agent, run);
        lease[0] = block.session.lease();
        Sweep.run("a13-often", AgentLink.to(agent.computer()), false);
        assertTrue(run.saves <= Sweep.MOST_NOTES, "saves " + run.saves);
        agent.delete();
        ActiveLeases.get().remove(lease[0]);
    }
}
