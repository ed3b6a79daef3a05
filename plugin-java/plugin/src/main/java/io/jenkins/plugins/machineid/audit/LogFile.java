// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A file of lines that is changed for another one when it is full. Opened for each line, so that it may be moved away or
 * removed at any time. For one thread.
 */
final class LogFile {
    static final String NAME = "audit.jsonl";
    /** Bytes of one file, at most. */
    static final long LARGEST = 10L << 20;
    /** Older files that are kept: {@code NAME.1} is the newest of them. */
    static final int KEPT = 9;

    private static final Set<StandardOpenOption> OPTIONS =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);

    private final Path directory;
    private final long largest;

    /** @param largest bytes of one file */
    LogFile(Path directory, long largest) {
        this.directory = directory;
        this.largest = largest;
    }

    /** @param line without its end */
    void append(String line) throws IOException {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        makeDirectory();
        Path file = directory.resolve(NAME);
        if (Files.exists(file) && Files.size(file) + bytes.length > largest) {
            rotate(file);
        }
        try (FileChannel channel = FileChannel.open(file, OPTIONS, mode("rw-------"))) {
            long end = channel.size();
            channel.position(end);
            try {
                if (!isWhole(channel, end)) {
                    write(channel, new byte[] {'\n'});
                }
                write(channel, bytes);
            } catch (IOException e) {
                // Half a line would make two lines unreadable.
                channel.truncate(end);
                throw e;
            }
        }
    }

    private void makeDirectory() throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory.getParent());
            try {
                Files.createDirectory(directory, mode("rwx------"));
            } catch (FileAlreadyExistsException e) {
                if (!Files.isDirectory(directory)) {
                    throw e;
                }
            }
        }
    }

    /** False after a process ended in the middle of a line. */
    private static boolean isWhole(FileChannel channel, long end) throws IOException {
        ByteBuffer last = ByteBuffer.allocate(1);
        return end == 0 || channel.read(last, end - 1) != 1 || last.get(0) == '\n';
    }

    private static void write(FileChannel channel, byte[] bytes) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            channel.write(left);
        }
    }

    private void rotate(Path file) throws IOException {
        for (int number = KEPT; number > 1; number--) {
            Path younger = older(number - 1);
            if (Files.exists(younger)) {
                Files.move(younger, older(number), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.move(file, older(1), StandardCopyOption.REPLACE_EXISTING);
    }

    private Path older(int number) {
        return directory.resolve(NAME + "." + number);
    }

    /** For the owner alone, where the file system has modes. */
    private FileAttribute<?>[] mode(String mode) {
        return directory.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }
}
