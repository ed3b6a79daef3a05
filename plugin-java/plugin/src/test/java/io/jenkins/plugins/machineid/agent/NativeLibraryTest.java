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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real library, where one is given; loudly skipped elsewhere. */
class NativeLibraryTest {
    @TempDir
    Path folder;

    static Path library() {
        String path = System.getProperty("machineid.library", System.getenv().getOrDefault("MACHINE_ID_TEST_LIB", ""));
        if (path.isEmpty()) {
            System.out.println("SKIPPED: tests of the real library; give -Dmachineid.library=FILE or MACHINE_ID_TEST_LIB");
        }
        assumeTrue(!path.isEmpty());
        return Path.of(path).toAbsolutePath();
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

    @Test
    void the_real_library_binds_and_answers() throws IOException {
        NativeApi api = NativeLibrary.bind(library());
        assertEquals(MachineIdNative.ABI, api.abiVersion());
        String config = "{\"abi\":" + MachineIdNative.ABI + ",\"root\":\"" + folder + "\",\"helper\":\"/bin/true\",\"helper_sha256\":\"" + "0".repeat(64) + "\",\"identities\":[{\"id\":\"api\","
                + "\"cluster\":{\"address\":\"127.0.0.1:1\"},\"join\":{\"method\":\"token\",\"token\":\"x\"}}]}";
        byte[] opened = api.open(config.getBytes(StandardCharsets.UTF_8));
        long handle = EngineReply.handle(opened).orElseThrow(() -> new AssertionError(text(opened)));
        assertTrue(text(api.status(handle)).startsWith("{\"ok\""));
        assertTrue(text(api.close(handle)).contains("ok"));
        assertTrue(text(api.status(handle)).contains("handle_invalid"));
    }

    @Test
    void garbage_is_an_error_reply() throws IOException {
        NativeApi api = NativeLibrary.bind(library());
        for (String garbage : new String[] {"", "{", "[]", "\u0000", "{\"abi\":99}"}) {
            byte[] bytes = garbage.getBytes(StandardCharsets.UTF_8);
            assertTrue(text(api.open(bytes)).contains("\"error\""), garbage);
            assertTrue(text(api.check(bytes)).contains("\"error\""), garbage);
            assertTrue(text(api.acquire(-1, bytes)).contains("\"error\""), garbage);
        }
    }

    private static String text(byte[] reply) {
        return new String(reply, StandardCharsets.UTF_8);
    }
}
