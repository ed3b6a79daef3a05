package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What Linux says about this process. */
record Process(long rssKb, long threads, long ours, long descriptors) {
    static Process now() throws IOException {
        long rss = 0;
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                rss = Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        long ours = countOurs();
        return new Process(rss, count("/proc/self/task") - ours, ours, count("/proc/self/fd"));
    }

    /** Threads of the library. */
    static long countOurs() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.filter(Process::isOurs).count();
        }
    }

    private static boolean isOurs(Path task) {
        try {
            return Files.readString(task.resolve("comm")).startsWith("machine-id");
        } catch (IOException e) {
            return false; // ended meanwhile
        }
    }

    private static long count(String directory) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of(directory))) {
            return entries.count();
        }
    }

    @Override
    public String toString() {
        return "RSS " + rssKb + " kB, " + ours + " + " + threads + " threads, " + descriptors + " file descriptors";
    }
}
