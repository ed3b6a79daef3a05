// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeRun;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.audit.CertificateRecord;
import io.jenkins.plugins.machineid.audit.Inspection;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.json.JSONArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * All that the controller reads of an agent, with the contract's replies cut, joined and spoilt: the same rounds each
 * time. On a thread with a small stack; {@code -Dmachineid.fuzz.rounds} and {@code .seed} say other ones.
 */
class ReplyFuzzTest {
    private static final Path PAIRS = Path.of(System.getProperty("machineid.contract", "../../contract"));
    private static final int ROUNDS = Integer.getInteger("machineid.fuzz.rounds", 20_000);
    private static final long SEED = Long.getLong("machineid.fuzz.seed", 20261121);
    private static final long STACK = 160 * 1024;
    private static final String[] WORDS = {
        "{\"ok\":{}}", "{\"error\":{\"code\":\"", "\"retry\":30", "\"certificates\":[{", "null", "true", "-0", "1e999999999",
        "9".repeat(5000), "[".repeat(3000), "{\"a\":".repeat(3000), "\\u202e", "\\ud800", "\u202e", "\u001b[8mha:", "\u2028",
        "\"roles\":[\"admin\"]", "\"valid_until\":\"+999999999-12-31T23:59:59Z\"", "\"serial\":\"" + "f".repeat(4000) + "\"",
        "'", "\"", "\\", "//x\n", "/*", "#", ";", "=>", "\u0000", "NaN", "Infinity", "\"ok\":1"
    };

    private final Random random = new Random(SEED);
    private final LeaseRequest request = new LeaseRequest(
            new Grant("api", List.of("api-workers"), 1800),
            new LeaseOptions("api", null, null, List.of("prod"), null, null, null));
    private final Allowance allowed = request.allowance("l", "a1");

    @Test
    @Timeout(120)
    void whatever_an_agent_sends_is_read_as_a_reply_or_a_failure() throws Exception {
        List<byte[]> corpus = new ArrayList<>();
        try (Stream<Path> files = Files.list(PAIRS)) {
            for (Path path : files.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
                corpus.add(Files.readAllBytes(path));
            }
        }
        assertTrue(corpus.size() > 10);
        Throwable[] thrown = new Throwable[1];
        int[] read = new int[1];
        Thread thread = new Thread(null, () -> {
            byte[] last = {};
            try {
                for (int round = 0; round < ROUNDS; round++) {
                    last = spoil(corpus);
                    read[0] += one(last) ? 1 : 0;
                }
            } catch (Throwable e) {
                thrown[0] = new AssertionError(new String(last, StandardCharsets.UTF_8), e);
            }
        }, "fuzz", STACK);
        thread.start();
        thread.join();
        assertNull(thrown[0], () -> String.valueOf(thrown[0].getCause()) + " for " + AgentText.line(thrown[0].getMessage()));
        // Else it would only show that nothing is read at all.
        assertTrue(read[0] > ROUNDS / 50, "read " + read[0]);
    }

    /** True when it was read as a success. */
    private boolean one(byte[] bytes) throws IOException {
        Reply reply;
        long start = System.nanoTime();
        try {
            reply = Reply.read(bytes);
        } catch (NativeFailure failure) {
            TextAttackTest.clean(failure.getMessage());
            assertTrue(failure.code().matches("[a-z0-9_]{1,60}"), failure.code());
            return false;
        } finally {
            assertTrue(System.nanoTime() - start < 5_000_000_000L, "slow");
        }
        FakeRun run = new FakeRun("team-a/deploy", "fuzz#1");
        MachineIdAction record = MachineIdAction.of(run);
        look(reply, record);
        for (Reply lease : reply.objects("leases")) {
            TextAttackTest.clean(lease.text("lease"));
            look(lease, record);
        }
        ConnectionTest.describe("a1", reply).forEach(TextAttackTest::clean);
        for (CertificateRecord one : record.getCertificates()) {
            for (String text : List.of(one.getKind(), one.getOutput(), one.getTarget(), one.getKeyId(), one.getSerial(),
                    one.getFingerprint(), one.getValidFrom(), one.getValidUntil(), String.valueOf(one.getViolation()))) {
                TextAttackTest.clean(text);
            }
            one.getRoles().forEach(TextAttackTest::clean);
            one.getPrincipals().forEach(TextAttackTest::clean);
            boolean granted = one.getRoles().stream().allMatch(allowed.roles()::contains);
            assertTrue(granted || one.getViolation() != null, one.getRolesText());
        }
        return true;
    }

    private void look(Reply reply, MachineIdAction record) throws IOException {
        record.record(allowed, reply.objects("certificates"), reply.number("certificates_dropped"));
        TextAttackTest.clean(Released.line("api", "/d", reply.text("directory")));
        Instant expires = reply.time("expires_at");
        if (expires != null && Inspection.expiry(allowed, expires, Instant.now()) == null) {
            Variables.of(new JSONArray("[{\"type\":\"identity\"}]"), "/d", null, expires).values().forEach(TextAttackTest::clean);
        }
    }

    private byte[] spoil(List<byte[]> corpus) {
        byte[] bytes = corpus.get(random.nextInt(corpus.size()));
        int times = 1 + random.nextInt(4);
        for (int time = 0; time < times; time++) {
            bytes = switch (random.nextInt(6)) {
                case 0 -> flip(bytes);
                case 1 -> insert(bytes, WORDS[random.nextInt(WORDS.length)].getBytes(StandardCharsets.UTF_8));
                case 2 -> cut(bytes);
                case 3 -> join(bytes, corpus.get(random.nextInt(corpus.size())));
                case 4 -> swap(bytes);
                default -> value(bytes);
            };
        }
        return bytes;
    }

    private byte[] flip(byte[] bytes) {
        byte[] out = bytes.clone();
        if (out.length > 0) {
            out[random.nextInt(out.length)] = (byte) random.nextInt(256);
        }
        return out;
    }

    private byte[] insert(byte[] bytes, byte[] word) {
        int at = random.nextInt(bytes.length + 1);
        return join(join(java.util.Arrays.copyOf(bytes, at), word), java.util.Arrays.copyOfRange(bytes, at, bytes.length));
    }

    private byte[] cut(byte[] bytes) {
        int from = random.nextInt(bytes.length + 1);
        int to = from + random.nextInt(bytes.length - from + 1);
        return join(java.util.Arrays.copyOf(bytes, from), java.util.Arrays.copyOfRange(bytes, to, bytes.length));
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] out = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, out, first.length, second.length);
        return out;
    }

    /** Two texts of it change places: well-formed, and not as agreed. */
    private byte[] swap(byte[] bytes) {
        String[] parts = new String(bytes, StandardCharsets.UTF_8).split("\"", -1);
        if (parts.length > 4) {
            int one = 1 + 2 * random.nextInt((parts.length - 1) / 2);
            int other = 1 + 2 * random.nextInt((parts.length - 1) / 2);
            String text = parts[one];
            parts[one] = parts[other];
            parts[other] = text;
        }
        return String.join("\"", parts).getBytes(StandardCharsets.UTF_8);
    }

    /** One text becomes another, which may hold anything. */
    private byte[] value(byte[] bytes) {
        String[] parts = new String(bytes, StandardCharsets.UTF_8).split("\"", -1);
        if (parts.length > 2) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(40);
            for (int at = 0; at < length; at++) {
                int c = random.nextInt(random.nextBoolean() ? 0x300 : 0x110000);
                text.append(c < 0x20 || c == '"' || c == '\\' ? String.format("\\u%04x", c & 0x1f) : new String(Character.toChars(c)));
            }
            parts[1 + 2 * random.nextInt((parts.length - 1) / 2)] = text.toString();
        }
        return String.join("\"", parts).getBytes(StandardCharsets.UTF_8);
    }
}
