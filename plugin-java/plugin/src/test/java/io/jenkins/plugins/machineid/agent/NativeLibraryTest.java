// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The real library, where one is given; loudly skipped elsewhere. */
class NativeLibraryTest {
    @TempDir
    Path folder;

    /** Whoever does the calls: the library, and the helper as a child process, where they are given. */
    static Stream<Road> roads() {
        String library = System.getProperty("machineid.library", System.getenv().getOrDefault("MACHINE_ID_TEST_LIB", ""));
        List<Road> roads = new ArrayList<>();
        if (!library.isEmpty()) {
            roads.add(new Road("library", () -> NativeLibrary.bind(Path.of(library).toAbsolutePath())));
        }
        Path helper = Helpers.given();
        if (helper != null) {
            roads.add(new Road("child", () -> new ChildApi(() -> ChildProcess.start(helper.toString(), "bridge"))));
        }
        if (roads.isEmpty()) {
            System.out.println("SKIPPED: tests of the real library; give -Dmachineid.library=FILE or MACHINE_ID_TEST_LIB, "
                    + "with the helper beside it, or -Dmachineid.helper=FILE");
            roads.add(new Road("none", () -> {
                assumeTrue(false, "no library");
                return null;
            }));
        }
        return roads.stream();
    }

    interface Opening {
        NativeApi open() throws IOException;
    }

    record Road(String name, Opening opening) {
        NativeApi open() throws IOException {
            return opening.open();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    @Test
    void the_number_of_the_contract_is_the_librarys() {
        assertEquals(Vocabulary.abi(), MachineIdNative.ABI);
    }

    @Test
    void a_file_that_is_no_library_is_a_reason_not_a_crash() throws IOException {
        Path file = Files.writeString(folder.resolve("libmachine_id.so"), "no library");
        NativeUnavailableException failure =
                assertThrows(NativeUnavailableException.class, () -> NativeLibrary.bind(file));
        assertEquals(Reason.LOAD, failure.getReason());
    }

    @ParameterizedTest
    @MethodSource("roads")
    void the_real_library_answers(Road road) throws IOException {
        NativeApi api = road.open();
        assertEquals(MachineIdNative.ABI, api.abiVersion());
        String config = "{\"abi\":" + MachineIdNative.ABI + ",\"root\":\"" + folder + "\",\"helper\":\"/bin/true\",\"helper_sha256\":\"" + "0".repeat(64) + "\",\"identities\":[{\"id\":\"api\","
                + "\"cluster\":{\"address\":\"127.0.0.1:1\"},\"join\":{\"method\":\"token\",\"token\":\"x\"}}]}";
        byte[] opened = api.open(config.getBytes(StandardCharsets.UTF_8));
        long handle = EngineReply.handle(opened).orElseThrow(() -> new AssertionError(text(opened)));
        assertTrue(text(api.status(handle)).startsWith("{\"ok\""));
        assertTrue(api.holds(handle));
        assertTrue(text(api.renew(handle, bytes("other"))).contains("request_invalid"));
        assertTrue(text(api.drop(handle, bytes("api"))).contains("\"dropped\":false"));
        assertTrue(text(api.release(handle, bytes("0".repeat(32)))).contains("\"released\":false"));
        assertTrue(text(api.acquire(handle, bytes("{}"))).contains("request_invalid"));
        assertTrue(text(api.discard(DiscardTask.request(folder.toString(), "0".repeat(32), null))).contains("\"released\":false"));
        assertTrue(text(api.close(handle)).contains("ok"));
        assertTrue(text(api.status(handle)).contains("handle_invalid"));
        api.rest();
    }

    @ParameterizedTest
    @MethodSource("roads")
    void garbage_is_an_error_reply(Road road) throws IOException {
        NativeApi api = road.open();
        for (String garbage : new String[] {"", "{", "[]", "\u0000", "{\"abi\":99}"}) {
            byte[] bytes = garbage.getBytes(StandardCharsets.UTF_8);
            assertTrue(text(api.open(bytes)).contains("\"error\""), garbage);
            assertTrue(text(api.check(bytes)).contains("\"error\""), garbage);
            assertTrue(text(api.acquire(-1, bytes)).contains("\"error\""), garbage);
        }
        assertTrue(text(api.open(new byte[(1 << 20) + 2])).contains("request_invalid"));
        api.rest();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] reply) {
        return new String(reply, StandardCharsets.UTF_8);
    }
}
