// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A package uses what stands before it in the README's table, and says so there. Another package can only be named by
 * its full name, in an import or elsewhere: so each mention in the sources counts, in comments too.
 */
class PackagesTest {
    private static final Path SOURCES = Path.of("src/main/java/io/jenkins/plugins/machineid");
    private static final Path TABLE = Path.of("../README.md");
    private static final Pattern ROW = Pattern.compile("^\\| `(\\w+)` \\| [^|]+ \\| ([^|]*) \\|$", Pattern.MULTILINE);
    private static final Pattern WORD = Pattern.compile("`(\\w+)`");
    private static final Pattern MENTION =
            Pattern.compile("io\\s*\\.\\s*jenkins\\s*\\.\\s*plugins\\s*\\.\\s*machineid\\s*\\.\\s*(\\w+)");

    private static List<String> all(Pattern pattern, String text) {
        List<String> found = new ArrayList<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static Map<String, Set<String>> table() throws IOException {
        Map<String, Set<String>> rows = new LinkedHashMap<>();
        Matcher matcher = ROW.matcher(Files.readString(TABLE));
        while (matcher.find()) {
            rows.put(matcher.group(1), new TreeSet<>(all(WORD, matcher.group(2))));
        }
        return rows;
    }

    private static Map<String, Set<String>> sources() throws IOException {
        Map<String, Set<String>> used = new HashMap<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                assertEquals(2, SOURCES.relativize(file).getNameCount(), file + " isn't directly in a package of the table");
                String own = file.getParent().getFileName().toString();
                String text = Files.readString(file);
                Set<String> names = used.computeIfAbsent(own, unused -> new TreeSet<>());
                names.addAll(all(MENTION, text));
            }
        }
        // Texts for people are the leaf below all of it.
        used.forEach((own, names) -> names.removeAll(Set.of(own, "Messages")));
        return used;
    }

    @Test
    void each_package_uses_what_the_table_says_and_nothing_else() throws IOException {
        assertEquals(new HashMap<>(table()), sources());
    }

    /** A jar beside our own stays on the controller: agents load what they meet, and would fetch it. */
    @Test
    void libraries_are_used_where_they_are_meant_to_be() throws IOException {
        assertEquals(Set.of("issuer"), mentioning("com.nimbusds"));
        assertFalse(mentioning("org.json").contains("agent"));
    }

    private static Set<String> mentioning(String library) throws IOException {
        Set<String> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                if (Files.readString(file).contains(library)) {
                    found.add(file.getParent().getFileName().toString());
                }
            }
        }
        return found;
    }

    @Test
    void a_package_uses_only_what_stands_above_it() throws IOException {
        Set<String> above = new TreeSet<>();
        List<String> wrong = new ArrayList<>();
        table().forEach((name, uses) -> {
            uses.stream().filter(use -> !above.contains(use)).forEach(use -> wrong.add(name + " uses " + use));
            above.add(name);
        });
        assertEquals(List.of(), wrong);
    }
}
