// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody who can change the folder of the library, or a directory above it. */
class NativeFilesAttackTest {
    private static final int SOMEBODY = 65533;

    @TempDir
    Path scratch;

    private Path parent;
    private Path root;
    private int us;

    @BeforeEach
    void prepare() throws IOException {
        parent = Files.createDirectory(scratch.resolve("parent"));
        root = Files.createDirectory(parent.resolve("agent"));
        us = TrustedWay.us();
        mode(parent, 0755);
        mode(root, 0755);
    }

    private static void mode(Path path, int mode) throws IOException {
        Files.setAttribute(path, "unix:mode", mode);
    }

    private void give(Path path, String what, int id, String test) throws IOException {
        assumeTrue(us == 0, () -> "SKIPPED " + test + ": needs root to give files away");
        Files.setAttribute(path, "unix:" + what, id, LinkOption.NOFOLLOW_LINKS);
    }

    private NativeFiles.Unpacked unpack() throws NativeUnavailableException {
        Map<String, byte[]> packaged = Map.of(
                "libmachine_id.so", "library".getBytes(StandardCharsets.UTF_8),
                "machine-id", "helper".getBytes(StandardCharsets.UTF_8));
        String digests = NativeFiles.sha256(packaged.get("libmachine_id.so")) + "  libmachine_id.so\n"
                + NativeFiles.sha256(packaged.get("machine-id")) + "  machine-id\n";
        return new NativeFiles(name -> new ByteArrayInputStream(
                        packaged.getOrDefault(name, digests.getBytes(StandardCharsets.UTF_8))))
                .unpack(root);
    }

    private void refused(String fact) {
        NativeUnavailableException refusal = assertThrows(NativeUnavailableException.class, this::unpack);
        assertEquals(Reason.DIRECTORY, refusal.getReason());
        assertTrue(refusal.getDetail().contains(fact), refusal.getDetail());
        assertFalse(Files.exists(root.resolve("machine-id")), "nothing was unpacked");
    }

    @Test
    void a22AParentThatEverybodyCanChangeIsRefusedUnlessSticky() throws IOException {
        mode(parent, 0777);
        refused("chmod o-w " + parent);
        mode(parent, 01777);
        unpack();
    }

    @Test
    void a22AParentThatAGroupCanChangeIsRefused() throws IOException {
        give(parent, "gid", SOMEBODY, "a22AParentThatAGroupCanChangeIsRefused");
        mode(parent, 0775);
        refused("chmod g-w " + parent);
    }

    @Test
    void a22ARootDirectoryOfAnotherUserIsRefused() throws IOException {
        give(root, "uid", SOMEBODY, "a22ARootDirectoryOfAnotherUserIsRefused");
        refused(root + " belongs to user " + SOMEBODY);
    }

    @Test
    void a22ALinkOfAnotherUserOnTheWayIsRefused() throws IOException {
        Path link = Files.createSymbolicLink(scratch.resolve("link"), parent);
        Path real = root;
        root = link.resolve("agent");
        assertEquals(real.resolve("machine-id/lib"), unpack().folder().getParent(), "the path has no link in it");
        give(link, "uid", SOMEBODY, "a22ALinkOfAnotherUserOnTheWayIsRefused");
        NativeUnavailableException refusal = assertThrows(NativeUnavailableException.class, this::unpack);
        assertTrue(refusal.getDetail().contains("link belongs to user"), refusal.getDetail());
    }

    @Test
    void a22AFolderOfAnotherUserIsRefusedAlsoWithTheRightFilesInIt() throws IOException {
        Path folder = unpack().folder();
        give(folder, "uid", SOMEBODY, "a22AFolderOfAnotherUserIsRefusedAlsoWithTheRightFilesInIt");
        assertThrows(NativeUnavailableException.class, this::unpack);
    }

    @Test
    void a22AFileWithASecondNameElsewhereIsReplaced() throws IOException {
        Path library = unpack().library();
        Path second = Files.createLink(scratch.resolve("second"), library);
        unpack();
        Files.writeString(second, "evil");
        assertEquals("library", Files.readString(library));
    }

    @Test
    void a22ALibraryThatIsExchangedWhileItIsLoadedIsNoticed() throws IOException {
        NativeFiles.Unpacked files = unpack();
        files.verifyLibrary();
        Files.writeString(files.library(), "evil");
        assertThrows(NativeUnavailableException.class, files::verifyLibrary);
    }

    @Test
    void a22OnlyTheDirectoriesThatAreNamedAreVouchedFor() throws IOException {
        mode(parent, 0777);
        assertEquals(root, TrustedWay.walk(root, us, "/elsewhere:" + parent));
        assertThrows(NativeUnavailableException.class, () -> TrustedWay.walk(root, us, root + ":" + scratch));
    }

    @Test
    void a22AGroupIsOursOnlyWithoutAnybodyElse() {
        List<String> users = List.of("root:x:0:0::/:/bin/sh", "ci:x:1000:1000::/:/bin/sh", "web:x:1001:100::/:/bin/sh");
        assertTrue(TrustedWay.isPrivateGroup(1000, 1000, users, List.of("ci:x:1000:")));
        assertTrue(TrustedWay.isPrivateGroup(1000, 1000, users, List.of("ci:x:1000:ci")));
        assertFalse(TrustedWay.isPrivateGroup(1000, 1000, users, List.of("ci:x:1000:web")));
        assertFalse(TrustedWay.isPrivateGroup(1000, 1000, users, List.of("team:x:1000:")));
        assertFalse(TrustedWay.isPrivateGroup(1000, 1000, users, List.of()));
        assertFalse(TrustedWay.isPrivateGroup(100, 1000, users, List.of("users:x:100:")));
        List<String> shared = List.of("ci:x:1000:1000::/:/bin/sh", "web:x:1001:1000::/:/bin/sh");
        assertFalse(TrustedWay.isPrivateGroup(1000, 1000, shared, List.of("ci:x:1000:")));
    }
}
