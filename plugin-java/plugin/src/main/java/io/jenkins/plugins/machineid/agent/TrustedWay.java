// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The way from the root directory to a directory, on which nobody but root and this JVM's user can exchange anything:
 * what is loaded from there runs in the agent. The library's {@code destination/parents.rs} has the same rule for what
 * comes after, and reads lists (ACLs) too, which Java can't.
 */
final class TrustedWay {
    /** Directories that the administrator vouches for, as the library reads it. */
    static final String VOUCHED_FOR = "MACHINE_ID_TRUSTED_PARENTS";

    private static final Logger LOGGER = Logger.getLogger(TrustedWay.class.getName());
    private static final int MAX_LINKS = 40;
    private static final int WRITABLE_BY_ALL = 0002;
    private static final int WRITABLE_BY_GROUP = 0020;
    private static final int STICKY = 01000;

    private TrustedWay() {}

    /**
     * The real path of a directory, after each directory on the way and each link was looked at.
     *
     * @throws NativeUnavailableException when somebody else could change one
     */
    static Path to(Path directory) throws IOException {
        return walk(directory, us(), System.getenv().getOrDefault(VOUCHED_FOR, ""));
    }

    static Path walk(Path directory, int us, String vouchedFor) throws IOException {
        Deque<Path> pending = new ArrayDeque<>();
        directory.toAbsolutePath().normalize().forEach(pending::add);
        Path at = Path.of("/");
        check(at, us, vouchedFor);
        int links = 0;
        while (!pending.isEmpty()) {
            Path next = at.resolve(pending.pop()).normalize();
            if (!Files.isSymbolicLink(next)) {
                at = next;
                check(at, us, vouchedFor);
                continue;
            }
            owned(next, (int) Files.getAttribute(next, "unix:uid", LinkOption.NOFOLLOW_LINKS), us);
            if (++links > MAX_LINKS) {
                throw refused(directory + " goes through too many links");
            }
            Path target = Files.readSymbolicLink(next);
            List<Path> parts = new ArrayList<>();
            target.forEach(parts::add);
            for (int i = parts.size() - 1; i >= 0; i--) {
                pending.push(parts.get(i));
            }
            at = target.isAbsolute() ? Path.of("/") : at;
        }
        return at;
    }

    /** The user that this JVM's files are made by: of its four numbers the effective one. */
    static int us() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("Uid:")) {
                return Integer.parseInt(line.trim().split("\\s+")[2]);
            }
        }
        throw new IOException("/proc/self/status names no user");
    }

    private static void check(Path directory, int us, String vouchedFor) throws IOException {
        try {
            Map<String, Object> seen =
                    Files.readAttributes(directory, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
            int mode = (int) seen.get("mode");
            owned(directory, (int) seen.get("uid"), us);
            if ((mode & STICKY) != 0) {
                return;
            }
            if ((mode & WRITABLE_BY_ALL) != 0) {
                throw refused(directory + " can be changed by everybody; type chmod o-w " + directory);
            }
            if ((mode & WRITABLE_BY_GROUP) != 0 && !isPrivateGroup((int) seen.get("gid"), us)) {
                throw refused(directory + " can be changed by its group; type chmod g-w " + directory);
            }
        } catch (NativeUnavailableException e) {
            if (!Set.of(vouchedFor.split(File.pathSeparator)).contains(directory.toString())) {
                throw e;
            }
            LOGGER.log(Level.WARNING, "{0}; accepted, because {1} names it", new Object[] {e.getDetail(), VOUCHED_FOR});
        }
    }

    private static void owned(Path path, int owner, int us) throws NativeUnavailableException {
        if (owner != 0 && owner != us) {
            throw refused(path + " belongs to user " + owner + ", who could exchange the library");
        }
    }

    /** A group of our user's name, without other members and no other user's own, as where the usual mask is 002. */
    private static boolean isPrivateGroup(int gid, int us) throws IOException {
        return isPrivateGroup(gid, us, lines("/etc/passwd"), lines("/etc/group"));
    }

    static boolean isPrivateGroup(int gid, int us, List<String> users, List<String> groups) {
        String name = null;
        for (String line : users) {
            String[] user = line.split(":", -1);
            if (user.length < 4 || !user[3].equals(String.valueOf(gid))) {
                continue;
            }
            if (!user[2].equals(String.valueOf(us)) || name != null) {
                return false;
            }
            name = user[0];
        }
        for (String line : groups) {
            String[] group = line.split(":", -1);
            if (group.length >= 4 && group[2].equals(String.valueOf(gid))) {
                return group[0].equals(name) && (group[3].isEmpty() || group[3].equals(name));
            }
        }
        return false;
    }

    private static List<String> lines(String file) throws IOException {
        Path path = Path.of(file);
        return Files.isReadable(path) ? Files.readString(path, StandardCharsets.ISO_8859_1).lines().toList() : List.of();
    }

    private static NativeUnavailableException refused(String detail) {
        return new NativeUnavailableException(Reason.DIRECTORY, detail);
    }
}
