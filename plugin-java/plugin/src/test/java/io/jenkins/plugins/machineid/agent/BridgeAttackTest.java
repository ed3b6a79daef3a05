// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A child process that answers as it likes, is killed, or hangs; and what of a call can be seen from outside. */
class BridgeAttackTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final String SECRET = "hunter2-0123456789";

    @TempDir
    Path folder;

    /** One that says this when it is started, then reads and says no more. */
    private ChildApi saying(byte[]... parts) throws IOException {
        Path said = Files.write(folder.resolve("said"), Helpers.joined(parts));
        return new ChildApi(() -> ChildProcess.start("sh", "-c", "cat \"$0\"; exec cat >/dev/null", said.toString()));
    }

    private static void until(BooleanSupplier seen) {
        assertTimeoutPreemptively(LONG, () -> {
            while (!seen.getAsBoolean()) {
                Thread.sleep(5);
            }
        });
    }

    private static String text(byte[] reply) {
        return new String(reply, StandardCharsets.UTF_8);
    }

    private static byte[] length(int length) {
        return ByteBuffer.allocate(4).putInt(length).array();
    }

    @Test
    void a30AnswersThatAreNoneEndTheChildAndItsCalls() throws IOException {
        byte[] head = "{\"id\":1}".getBytes(StandardCharsets.UTF_8);
        List<byte[]> answers = List.of(
                length(-1),
                length(BridgeMessage.HEAD_BYTES + 1),
                Helpers.joined(length(head.length), head, length(BridgeMessage.REPLY_BYTES + 1)),
                Helpers.joined(length(head.length), head, length(Integer.MAX_VALUE)),
                Helpers.reply(4711, "{\"ok\":{}}"),
                Helpers.hello(),
                Helpers.joined(length(2), "{}".getBytes(StandardCharsets.UTF_8), length(0)),
                Helpers.joined(length(10), "{\"id\":-12}".getBytes(StandardCharsets.UTF_8), length(0)),
                "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.UTF_8));
        for (byte[] answer : answers) {
            ChildApi api = saying(Helpers.hello(), answer);
            String reply = assertTimeoutPreemptively(LONG, () -> text(api.status(1)));
            assertTrue(reply.contains("\"code\":\"bridge_ended\"") && reply.contains("\"retry\":\"later\""), reply);
            assertTrue(reply.contains("gone: "), reply);
            assertEquals(1, api.losses());
        }
    }

    @Test
    void a30AGreetingOfAnotherVersionOrNoneIsRefused() throws IOException {
        NativeUnavailableException other = assertThrows(
                NativeUnavailableException.class, saying(Helpers.reply(0, "{\"ok\":{\"abi\":99,\"version\":\"0\"}}"))::startNow);
        assertEquals(NativeUnavailableException.Reason.ABI, other.getReason());
        for (byte[] first : List.of(Helpers.reply(1, "{\"ok\":{\"abi\":4,\"version\":\"0\"}}"), Helpers.reply(0, "{\"error\":{}}"))) {
            ChildApi api = saying(first);
            assertTimeoutPreemptively(LONG, () -> assertThrows(IOException.class, api::startNow));
        }
        assertThrows(IOException.class, new ChildApi(() -> ChildProcess.start("/nonexistent/machine-id", "bridge"))::startNow);
        assertThrows(IOException.class, new ChildApi(() -> ChildProcess.start("true"))::startNow);
    }

    @Test
    void a30AChildThatHangsIsEndedAndKeepsNobody() throws IOException {
        Path said = Files.write(folder.resolve("said"), Helpers.hello());
        // It doesn't even read: whoever writes more than the pipe holds waits, too.
        ChildApi api = new ChildApi(
                () -> ChildProcess.start("sh", "-c", "cat \"$0\"; exec sleep 600", said.toString()), 2);
        String reply = assertTimeoutPreemptively(LONG, () -> text(api.open(new byte[1 << 20])));
        assertTrue(reply.contains("hasn't answered for 2 s"), reply);
        assertTrue(reply.contains("\"retry\":\"later\""), reply);
    }

    @Test
    void a30PendingCallsFailAtOnceWhenTheChildIsKilled() throws Exception {
        ChildApi api = saying(Helpers.hello());
        api.startNow();
        List<CompletableFuture<String>> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            CompletableFuture<String> call = new CompletableFuture<>();
            new Thread(() -> call.complete(text(api.status(1)))).start();
            calls.add(call);
        }
        until(() -> api.waiting() == 5);
        long child = api.processId();
        ProcessHandle.of(child).orElseThrow().destroyForcibly();
        for (CompletableFuture<String> call : calls) {
            String reply = call.get(LONG.toSeconds(), TimeUnit.SECONDS);
            assertTrue(reply.contains("bridge_ended"), reply);
        }
        api.startNow();
        assertFalse(api.processId() == child);
        assertTrue(api.losses() >= 1);
        api.rest();
    }

    @Test
    void a30NothingOfACallIsInArgumentsEnvironmentOrThisJvmsBuffers() throws Exception {
        assumeTrue(Files.isReadable(Path.of("/proc/self/environ")), "SKIPPED: no /proc");
        ChildApi api = saying(Helpers.hello());
        api.startNow();
        Thread caller = new Thread(() -> api.open(("{\"token\":\"" + SECRET + "\"}").getBytes(StandardCharsets.UTF_8)));
        caller.start();
        until(() -> api.waiting() == 1);
        Path process = Path.of("/proc/" + api.processId());
        for (String name : List.of("cmdline", "environ")) {
            assertFalse(Files.readString(process.resolve(name), StandardCharsets.ISO_8859_1).contains(SECRET), name);
        }
        ProcessHandle.of(api.processId()).orElseThrow().destroyForcibly();
        caller.join(LONG.toMillis());
        assertFalse(caller.isAlive());
    }

    @Test
    void a30ARealChildIsLostWithItsEnginesAndTheNextCallStartsAnother() throws Exception {
        Path helper = Helpers.given();
        assumeTrue(helper != null, "SKIPPED: give -Dmachineid.helper=FILE");
        ChildApi api = new ChildApi(() -> ChildProcess.start(helper.toString(), "bridge"));
        String config = "{\"abi\":" + MachineIdNative.ABI + ",\"root\":\"" + folder.resolve("root")
                + "\",\"helper\":\"/bin/true\",\"helper_sha256\":\"" + "0".repeat(64) + "\",\"identities\":[{\"id\":\"api\","
                + "\"cluster\":{\"address\":\"127.0.0.1:1\"},\"join\":{\"method\":\"token\",\"token\":\"" + SECRET + "\"}}]}";
        long engine = EngineReply.handle(api.open(config.getBytes(StandardCharsets.UTF_8))).orElseThrow();
        assertTrue(api.holds(engine));
        String shown = Files.readString(Path.of("/proc/" + api.processId() + "/cmdline"), StandardCharsets.ISO_8859_1);
        assertTrue(shown.contains("bridge") && !shown.contains(SECRET), shown);
        ProcessHandle child = ProcessHandle.of(api.processId()).orElseThrow();
        child.destroyForcibly();
        child.onExit().get(LONG.toSeconds(), TimeUnit.SECONDS);
        until(() -> !api.holds(engine));
        assertTrue(text(api.status(engine)).contains("handle_invalid"), "another child, which doesn't know the number");
        assertEquals(1, api.losses());
        ProcessHandle second = ProcessHandle.of(api.processId()).orElseThrow();
        api.rest();
        second.onExit().get(LONG.toSeconds(), TimeUnit.SECONDS);
        assertEquals(1, api.losses(), "one that was let go isn't lost");
    }

    @Test
    void a30ARealChildOutlivesTheThreadThatHasAskedForIt() throws Exception {
        Path helper = Helpers.given();
        assumeTrue(helper != null, "SKIPPED: give -Dmachineid.helper=FILE");
        ChildApi api = new ChildApi(() -> ChildProcess.start(helper.toString(), "bridge"));
        Thread first = new Thread(() -> api.status(1));
        first.start();
        first.join(LONG.toMillis());
        assertFalse(first.isAlive());
        long child = api.processId();
        assertTrue(text(api.status(1)).contains("handle_invalid"));
        assertEquals(child, api.processId());
        api.rest();
    }
}
