// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Where the program of a child process is run from: the agent's root directory, or else another place that allows it. */
final class ChildPlaces {
    private final NativeFiles files;
    private final Path root;
    private final List<Path> others;
    /** Where it was run from last; tried first. */
    private Path chosen;

    ChildPlaces(NativeFiles files, Path root) {
        this(files, root, others());
    }

    ChildPlaces(NativeFiles files, Path root, List<Path> others) {
        this.files = files;
        this.root = root;
        this.others = List.copyOf(others);
    }

    /** Directories for programs of a user's own, those first that nobody else can write to. */
    private static List<Path> others() {
        Set<Path> places = new LinkedHashSet<>();
        Stream.of(System.getenv("XDG_RUNTIME_DIR"), System.getProperty("user.home"), System.getProperty("java.io.tmpdir"), "/var/tmp", "/tmp", "/dev/shm")
                .filter(place -> place != null && place.startsWith("/") && Files.isWritable(Path.of(place)))
                .map(Path::of)
                .forEach(places::add);
        return new ArrayList<>(places);
    }

    /** Starts it where that is possible; the program is compared with the packaged one each time. */
    synchronized ChildProcess start() throws IOException {
        List<Path> places = new ArrayList<>(others);
        places.add(0, root);
        if (chosen != null) {
            places.remove(chosen);
            places.add(0, chosen);
        }
        List<String> refused = new ArrayList<>();
        for (Path place : places) {
            try {
                ChildProcess child = ChildProcess.start(program(place), "bridge");
                chosen = place;
                return child;
            } catch (NativeUnavailableException e) {
                // The root directory has to be safe whatever there is besides: the agent's state lies there.
                if (place.equals(root) || e.getReason() != Reason.DIRECTORY) {
                    throw e;
                }
                refused.add(place + " (" + e.getDetail() + ")");
            } catch (IOException e) {
                if (!isRefusal(e)) {
                    throw e;
                }
                refused.add(place.toString());
            }
        }
        throw new NativeUnavailableException(Reason.NOEXEC, String.join(", ", refused));
    }

    /** The place that has allowed it; null: none yet. */
    synchronized Path chosen() {
        return chosen;
    }

    private String program(Path place) throws NativeUnavailableException {
        NativeFiles.Unpacked unpacked = place.equals(root) ? files.unpack(place) : files.unpackElsewhere(place);
        return unpacked.helper().path();
    }

    /** EACCES and EPERM, as the JDK says them. */
    private static boolean isRefusal(IOException failure) {
        String words = String.valueOf(failure.getMessage());
        return words.contains("error=13,") || words.contains("error=1,") || words.contains("Permission denied");
    }
}
