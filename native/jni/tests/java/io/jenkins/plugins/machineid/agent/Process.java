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

    /** When threads and descriptors stay as many: a thread names itself, and takes its time to end. At most ten seconds. */
    static Process settled() throws Exception {
        Process last = now();
        int same = 0;
        for (int i = 0; i < 500 && same < 15; i++) {
            Thread.sleep(20);
            Process now = now();
            boolean stays = now.ours == last.ours && now.threads == last.threads && now.descriptors == last.descriptors;
            same = stays ? same + 1 : 0;
            last = now;
        }
        return last;
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
