// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFilesTest {
    @TempDir
    Path root;

    private final Map<String, byte[]> packaged = new HashMap<>();

    @BeforeEach
    void pack() {
        pack("library one", "helper one");
    }

    private void pack(String library, String helper) {
        packaged.put("libmachine_id.so", library.getBytes(StandardCharsets.UTF_8));
        packaged.put("machine-id", helper.getBytes(StandardCharsets.UTF_8));
        packaged.put("digests", (NativeFiles.sha256(packaged.get("libmachine_id.so")) + "  libmachine_id.so\n"
                        + NativeFiles.sha256(packaged.get("machine-id")) + "  machine-id\n")
                .getBytes(StandardCharsets.UTF_8));
    }

    private NativeFiles files() {
        return new NativeFiles(name -> {
            byte[] content = packaged.get(name);
            return content == null ? null : new ByteArrayInputStream(content);
        });
    }

    private Reason refused() {
        return assertThrows(NativeUnavailableException.class, () -> files().unpack(root)).getReason();
    }

    @Test
    void both_files_lie_in_private_folders_and_the_helper_can_be_run_by_others() throws IOException {
        Path folder = files().unpack(root).folder();
        assertEquals(root.resolve("machine-id/lib"), folder.getParent());
        for (Path path : List.of(root.resolve("machine-id"), folder, folder.resolve("libmachine_id.so"))) {
            assertEquals("rwx------", mode(path), path::toString);
        }
        Path helper = folder.resolve("machine-id");
        assertEquals("rwxr-xr-x", mode(helper));
        Files.setPosixFilePermissions(helper, PosixFilePermissions.fromString("rwx------"));
        files().unpack(root);
        assertEquals("rwxr-xr-x", mode(helper));
        try (var left = Files.list(folder)) {
            assertEquals(2, left.count());
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void a_changed_file_is_replaced_before_it_is_used() throws IOException {
        Path library = files().unpack(root).folder().resolve("libmachine_id.so");
        Files.writeString(library, "tampered");
        assertArrayEquals(packaged.get("libmachine_id.so"), Files.readAllBytes(files().unpack(root).folder().resolve("libmachine_id.so")));
    }

    @Test
    void another_version_gets_another_folder() throws IOException {
        Path first = files().unpack(root).folder();
        pack("library two", "helper two");
        Path second = files().unpack(root).folder();
        assertNotEquals(first, second);
        assertEquals("library one", Files.readString(first.resolve("libmachine_id.so")));
    }

    @Test
    void a_file_that_is_not_the_packaged_one_is_refused() {
        packaged.put("machine-id", "other".getBytes(StandardCharsets.UTF_8));
        assertEquals(Reason.PACKAGE, refused());
    }

    @Test
    void a_plugin_without_native_files_says_so() {
        packaged.clear();
        assertEquals(Reason.PACKAGE, refused());
    }

    @Test
    void a_list_with_other_names_is_refused() {
        packaged.put("digests", (NativeFiles.sha256(new byte[0]) + "  ../../evil\n").getBytes(StandardCharsets.UTF_8));
        assertEquals(Reason.PACKAGE, refused());
    }

    @Test
    void a_link_in_place_of_the_directory_is_refused() throws IOException {
        Path elsewhere = Files.createDirectory(root.resolve("elsewhere"));
        Files.createSymbolicLink(root.resolve("machine-id"), elsewhere);
        assertEquals(Reason.DIRECTORY, refused());
    }

    @Test
    void a_link_in_place_of_a_file_is_replaced_not_followed() throws IOException {
        Path folder = files().unpack(root).folder();
        Path victim = Files.writeString(root.resolve("victim"), "untouched");
        Files.delete(folder.resolve("machine-id"));
        Files.createSymbolicLink(folder.resolve("machine-id"), victim);
        files().unpack(root);
        assertEquals("untouched", Files.readString(victim));
        assertEquals("helper one", Files.readString(folder.resolve("machine-id")));
    }
}
