// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Unpacks the library and the helper of one platform into a private folder named after their content. */
final class NativeFiles {
    static final String LIBRARY = "libmachine_id.so";
    static final String HELPER = "machine-id";
    private static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    /**
     * The helper holds no secret and lies in a private folder; standing destinations name it for their readers, where
     * these can get there.
     */
    private static final Set<PosixFilePermission> RUNNABLE = PosixFilePermissions.fromString("rwxr-xr-x");

    /** Where the packaged files come from. */
    @FunctionalInterface
    interface Source {
        InputStream open(String name) throws IOException;
    }

    /** Both files, whose content has been compared with the packaged digests. */
    record Unpacked(Path folder, Map<String, String> digests) {
        Path library() {
            return folder.resolve(LIBRARY);
        }

        Helper helper() {
            return new Helper(folder.resolve(HELPER).toString(), digests.get(HELPER));
        }

        /** Again, after it was loaded: a file that was exchanged meanwhile is at least noticed. */
        void verifyLibrary() throws NativeUnavailableException {
            try {
                if (sha256(Files.readAllBytes(library())).equals(digests.get(LIBRARY))) {
                    return;
                }
            } catch (IOException e) {
                throw new NativeUnavailableException(Reason.DIRECTORY, library() + ": " + e, e);
            }
            throw new NativeUnavailableException(Reason.DIRECTORY, library() + " was changed while it was loaded");
        }
    }

    private final Source source;

    NativeFiles(Source source) {
        this.source = source;
    }

    /** The packaged files of a platform. */
    static NativeFiles packaged(String platform) {
        return new NativeFiles(name -> PackagedPlatforms.open(platform + "/" + name));
    }

    /**
     * Makes sure that both files are there with the right content.
     *
     * @param root the agent's root directory
     * @return where they are, by a path without links
     */
    Unpacked unpack(Path root) throws NativeUnavailableException {
        return unpackBelow(root, "machine-id");
    }

    /** The same in a directory that others use, too, as {@code /var/tmp}. */
    Unpacked unpackElsewhere(Path shared) throws NativeUnavailableException {
        try {
            return unpackBelow(shared, "machine-id-" + TrustedWay.us());
        } catch (NativeUnavailableException e) {
            throw e;
        } catch (IOException e) {
            throw new NativeUnavailableException(Reason.DIRECTORY, shared + ": " + e, e);
        }
    }

    private Unpacked unpackBelow(Path root, String own) throws NativeUnavailableException {
        byte[] list = read("digests");
        Map<String, String> digests = parse(list);
        try {
            Path folder = privateDirectory(TrustedWay.to(root).resolve(own));
            folder = privateDirectory(folder.resolve("lib"));
            folder = privateDirectory(folder.resolve(sha256(list).substring(0, 16)));
            for (Map.Entry<String, String> entry : digests.entrySet()) {
                place(folder.resolve(entry.getKey()), entry.getKey(), entry.getValue());
            }
            return new Unpacked(folder, digests);
        } catch (NativeUnavailableException e) {
            throw e;
        } catch (IOException | UnsupportedOperationException e) {
            throw new NativeUnavailableException(Reason.DIRECTORY, root + ": " + e, e);
        }
    }

    private void place(Path target, String name, String digest) throws IOException {
        if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && isOurs(target)
                && sha256(Files.readAllBytes(target)).equals(digest)) {
            runnable(target, name);
            return;
        }
        byte[] content = read(name);
        if (!sha256(content).equals(digest)) {
            throw new NativeUnavailableException(Reason.PACKAGE, name + " isn't the file that was packaged");
        }
        Path temporary = target.resolveSibling("." + name + "." + UUID.randomUUID());
        try {
            try (FileChannel out = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PRIVATE)) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                out.force(true);
            }
            runnable(temporary, name);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Nobody else may write to it, and it has no second name elsewhere. */
    private static boolean isOurs(Path file) throws IOException {
        Map<String, Object> seen = Files.readAttributes(file, "unix:uid,mode,nlink", LinkOption.NOFOLLOW_LINKS);
        return seen.get("uid").equals(TrustedWay.us())
                && ((int) seen.get("mode") & 0022) == 0
                && seen.get("nlink").equals(1);
    }

    private static void runnable(Path path, String name) throws IOException {
        if (name.equals(HELPER)) {
            Files.setPosixFilePermissions(path, RUNNABLE);
        }
    }

    private static Path privateDirectory(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            try {
                Files.createDirectory(path, PRIVATE);
            } catch (java.nio.file.FileAlreadyExistsException e) {
                // Another JVM was faster; looked at below.
            }
        }
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new NativeUnavailableException(Reason.DIRECTORY, path + " is a link or no directory");
        }
        if (!Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(TrustedWay.us())) {
            throw new NativeUnavailableException(Reason.DIRECTORY, path + " belongs to somebody else");
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
        return path;
    }

    private byte[] read(String name) throws NativeUnavailableException {
        try (InputStream in = source.open(name)) {
            if (in == null) {
                throw new NativeUnavailableException(Reason.PACKAGE, name + " is missing");
            }
            return in.readAllBytes();
        } catch (NativeUnavailableException e) {
            throw e;
        } catch (IOException e) {
            throw new NativeUnavailableException(Reason.PACKAGE, name + ": " + e, e);
        }
    }

    private static Map<String, String> parse(byte[] list) throws NativeUnavailableException {
        Map<String, String> digests = new LinkedHashMap<>();
        for (String line : new String(list, StandardCharsets.UTF_8).split("\n")) {
            String[] parts = line.trim().split("\\s+");
            if (parts.length == 2 && parts[0].matches("[0-9a-f]{64}")) {
                digests.put(parts[1], parts[0]);
            }
        }
        if (!digests.keySet().equals(Set.of(LIBRARY, HELPER))) {
            throw new NativeUnavailableException(Reason.PACKAGE, "digests names " + digests.keySet());
        }
        return digests;
    }

    static String sha256(byte[] content) {
        return HexFormat.of().formatHex(Hashes.sha256().digest(content));
    }
}
