// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import jenkins.security.MasterToSlaveCallable;

/** Removes a lease's directory where no engine can be asked to: its identity is no longer configured. */
public final class RemoveDirectoryTask extends MasterToSlaveCallable<Boolean, IOException> {
    private static final long serialVersionUID = 1L;

    private final String directory;

    public RemoveDirectoryTask(String directory) {
        this.directory = directory;
    }

    @Override
    public Boolean call() throws IOException {
        Path path = Path.of(directory);
        Path name = path.getFileName();
        if (name == null || !name.toString().matches("machine-id-[0-9a-f]{32}")) {
            throw new IOException(directory + " isn't the directory of a lease");
        }
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        Files.walkFileTree(path, new Remover());
        return true;
    }

    /** Does not follow links: walkFileTree visits a link as a file. */
    private static final class Remover extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
            if (failure != null) {
                throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}
