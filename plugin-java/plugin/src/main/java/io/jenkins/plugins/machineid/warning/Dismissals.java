// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import hudson.XmlFile;
import java.io.File;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;

/**
 * Which warnings an administrator doesn't want to see. One comes back when something of it changes, so that it has another
 * id, when an agent is concerned that wasn't then, or when it was gone for a while and comes anew. Saved, with an end.
 */
final class Dismissals {
    /** How many are remembered; the oldest make room. */
    static final int MOST = 1000;
    /** Agents of all of them that are remembered; the oldest make room. */
    static final int MOST_AGENTS = 50_000;

    /** A warning that was gone for so long and comes again is a new one. Agents come and go, and controllers are restarted. */
    static final Duration GONE = Duration.ofHours(1);

    private static final Logger LOGGER = Logger.getLogger(Dismissals.class.getName());
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{32}) (\\d{1,12})((?: \\S+)*+)");

    private record Entry(Set<String> agents, Instant when, Instant seen) {}

    private final File path;
    /** By the warning's id, the oldest first; null: not read yet. */
    private Map<String, Entry> entries;

    Dismissals(File path) {
        this.path = path;
    }

    static Dismissals ofJenkins() {
        return new Dismissals(new File(Jenkins.get().getRootDir(), Dismissals.class.getName() + ".xml"));
    }

    synchronized boolean covers(Warning warning, Instant now) {
        Entry entry = entries(now).get(warning.id());
        return entry != null && entry.agents().containsAll(warning.concerned());
    }

    synchronized void add(Warning warning, Instant now) throws IOException {
        Map<String, Entry> known = entries(now);
        // Last in the order, also where an older one is there.
        known.remove(warning.id());
        known.put(warning.id(), new Entry(warning.concerned(), now, now));
        while (known.size() > MOST || known.size() > 1 && agents(known) > MOST_AGENTS) {
            known.remove(known.keySet().iterator().next());
        }
        save();
    }

    synchronized void remove(String id, Instant now) throws IOException {
        if (entries(now).remove(id) != null) {
            save();
        }
    }

    /** Forgets what was gone for long. */
    synchronized void clean(Collection<Warning> there, Instant now) {
        Map<String, Entry> known = entries(now);
        for (Warning warning : there) {
            known.computeIfPresent(warning.id(), (id, entry) -> new Entry(entry.agents(), entry.when(), now));
        }
        if (known.values().removeIf(entry -> !entry.seen().plus(GONE).isAfter(now))) {
            try {
                save();
            } catch (IOException e) {
                LOGGER.log(Level.WARNING, "what is remembered of dismissed warnings could not be saved", e);
            }
        }
    }

    private static int agents(Map<String, Entry> entries) {
        return entries.values().stream().mapToInt(entry -> entry.agents().size()).sum();
    }

    private Map<String, Entry> entries(Instant now) {
        if (entries == null) {
            entries = read(now);
        }
        return entries;
    }

    /** What can't be read hides nothing. */
    private Map<String, Entry> read(Instant now) {
        Map<String, Entry> read = new LinkedHashMap<>();
        XmlFile file = new XmlFile(path);
        try {
            if (file.exists() && file.read() instanceof Collection<?> lines) {
                for (Object line : lines) {
                    Matcher parts = LINE.matcher(String.valueOf(line));
                    if (parts.matches() && read.size() < MOST) {
                        Instant when = Instant.ofEpochSecond(Long.parseLong(parts.group(2)));
                        // Whether it is gone is known only from now on.
                        read.put(parts.group(1), new Entry(names(parts.group(3)), when, now));
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            LOGGER.log(Level.WARNING, "which warnings were dismissed can't be read: all of them are shown", e);
        }
        return read;
    }

    private void save() throws IOException {
        List<String> lines = new ArrayList<>();
        entries.entrySet().stream()
                .sorted(Comparator.comparing(entry -> entry.getValue().when()))
                .forEach(entry -> lines.add(line(entry.getKey(), entry.getValue())));
        new XmlFile(path).write(lines);
    }

    private static String line(String id, Entry entry) {
        return entry.agents().stream()
                .sorted()
                .map(name -> " " + URLEncoder.encode(name, StandardCharsets.UTF_8))
                .collect(Collectors.joining("", id + " " + entry.when().getEpochSecond(), ""));
    }

    private static Set<String> names(String text) {
        return Arrays.stream(text.split(" "))
                .filter(name -> !name.isEmpty())
                .map(name -> URLDecoder.decode(name, StandardCharsets.UTF_8))
                .collect(Collectors.toSet());
    }
}
