// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A root directory that is mounted noexec; needs root to mount. */
class ChildPlacesTest {
    @TempDir
    Path folder;

    private Path mounted;

    private Path noexec() throws IOException, InterruptedException {
        Path place = Files.createDirectory(folder.resolve("noexec"));
        assumeTrue(
                new ProcessBuilder("mount", "-t", "tmpfs", "-o", "noexec,mode=0700,size=64m", "tmpfs", place.toString())
                                .start()
                                .waitFor()
                        == 0,
                "SKIPPED: nothing can be mounted here");
        mounted = place;
        return place;
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        if (mounted != null) {
            assertEquals(0, new ProcessBuilder("umount", mounted.toString()).start().waitFor());
        }
    }

    /** A program that greets as the helper does. */
    private NativeFiles files() {
        String hello = "#!/bin/sh\nprintf '\\000\\000\\000\\010{\"id\":0}\\000\\000\\000\\036{\"ok\":{\"abi\":"
                + MachineIdNative.ABI + ",\"version\":\"0\"}}'\nexec cat >/dev/null\n";
        byte[] program = hello.getBytes(StandardCharsets.UTF_8);
        byte[] library = new byte[] {1};
        String digests = NativeFiles.sha256(library) + "  libmachine_id.so\n" + NativeFiles.sha256(program) + "  machine-id\n";
        return new NativeFiles(name -> new ByteArrayInputStream(
                switch (name) {
                    case "digests" -> digests.getBytes(StandardCharsets.UTF_8);
                    case NativeFiles.HELPER -> program;
                    default -> library;
                }));
    }

    @Test
    void the_agents_root_directory_comes_first() throws Exception {
        Path root = Files.createDirectory(folder.resolve("root"));
        ChildPlaces places = new ChildPlaces(files(), root, List.of(Files.createDirectory(folder.resolve("other"))));
        places.start().end("the test is over");
        assertEquals(root, places.chosen());
    }

    @Test
    void another_place_serves_where_the_root_directory_is_mounted_noexec() throws Exception {
        Path root = noexec();
        Path other = Files.createDirectory(folder.resolve("other"));
        ChildPlaces places = new ChildPlaces(files(), root, List.of(other));
        places.start().end("the test is over");
        assertEquals(other, places.chosen());
        assertTrue(Files.isDirectory(other.resolve("machine-id-" + TrustedWay.us())));
    }

    @Test
    void a_place_that_others_could_change_is_passed_over() throws Exception {
        Path root = noexec();
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setAttribute(open, "unix:mode", 0777);
        NativeUnavailableException refused = assertThrows(
                NativeUnavailableException.class, () -> new ChildPlaces(files(), root, List.of(open)).start());
        assertEquals(Reason.NOEXEC, refused.getReason());
        assertTrue(refused.getDetail().contains(root.toString()) && refused.getDetail().contains(open + " ("), refused.getDetail());
    }
}
