// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.vocabulary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.json.JSONException;
import org.junit.jupiter.api.Test;

/** What the plugin says of the library's words and limits, in sources, views and pages, is what the library says. */
class VocabularyTest {
    private static final Path SOURCES = Path.of("src/main/java/io/jenkins/plugins/machineid");
    private static final Path VIEWS = Path.of("src/main/resources/io/jenkins/plugins/machineid");
    private static final Path VARIABLES = Path.of("../../docs/variables.md");

    private static Set<String> found(Pattern pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static String sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            StringBuilder all = new StringBuilder();
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                all.append(Files.readString(file));
            }
            return all.toString();
        }
    }

    private static Set<String> words(String list) {
        return new TreeSet<>(Vocabulary.words(list));
    }

    @Test
    void each_list_and_limit_that_the_sources_name_is_there() throws IOException {
        String sources = sources();
        Set<String> lists = found(Pattern.compile("Vocabulary\\.words\\(\"(\\w+)\"\\)"), sources);
        Set<String> limits = found(Pattern.compile("(?:Vocabulary\\.limit|most)\\(\"(\\w+)\""), sources);
        assertTrue(lists.size() > 3 && limits.size() > 8, lists + " " + limits);
        lists.forEach(list -> assertTrue(!Vocabulary.words(list).isEmpty(), list));
        limits.forEach(limit -> assertTrue(Vocabulary.limit(limit) > 0, limit));
        assertThrows(JSONException.class, () -> Vocabulary.words("no_such_list"));
        assertThrows(JSONException.class, () -> Vocabulary.limit("no_such_limit"));
    }

    @Test
    void each_output_type_of_the_sources_is_the_librarys_and_each_of_its_has_a_form() throws IOException {
        Set<String> types = found(Pattern.compile("\"type\", \"(\\w+)\""), sources());
        assertEquals(words("output_types"), types);
    }

    @Test
    void each_code_that_a_text_ends_with_is_the_librarys_or_on_the_plugins_own_page() throws IOException {
        Set<String> codes = found(
                Pattern.compile("\\[([a-z_]+)\\]\\s*$", Pattern.MULTILINE),
                Files.readString(VIEWS.resolve("Messages.properties")));
        codes.removeAll(words("error_codes"));
        String page = Files.readString(Path.of("../../docs/errors-jenkins.md"));
        codes.forEach(code -> assertTrue(page.contains("| `" + code + "` |"), code));
    }

    /** Words that the sources have a text or a rule for, beside those that they read from here. */
    @Test
    void the_words_of_forms_and_rules_are_the_librarys() throws IOException {
        String cluster = Files.readString(SOURCES.resolve("config/Cluster.java"));
        assertEquals(words("address_kinds"), found(Pattern.compile("Messages\\.Cluster_kind\\w+\\(\\), \"(\\w+)\""), cluster));
        String identity = Files.readString(SOURCES.resolve("config/IdentityDescriptor.java"));
        assertEquals(
                words("cache_scopes"), found(Pattern.compile("Messages\\.Identity_scope\\w+\\(\\), \"(\\w+)\""), identity));
        String variables = Files.readString(SOURCES.resolve("lease/Variables.java"));
        assertEquals(words("variables"), found(Pattern.compile("variables\\.put\\(\"(\\w+)\""), variables));
        Pattern cases = Pattern.compile("case \"(\\w+)\"");
        Set<String> types = found(cases, Files.readString(SOURCES.resolve("lease/LeaseRequest.java")));
        assertTrue(types.size() > 1 && words("output_types").containsAll(types), types.toString());
        types = found(Pattern.compile("type\\.equals\\(\"(\\w+)\"\\)"), variables);
        assertTrue(types.size() > 1 && words("output_types").containsAll(types), types.toString());
        Set<String> fates = found(cases, Files.readString(SOURCES.resolve("lease/Released.java")));
        assertTrue(!fates.isEmpty() && words("directory_fates").containsAll(fates), fates.toString());
    }

    @Test
    void the_variables_are_on_each_page_that_lists_them() throws IOException {
        Pattern name = Pattern.compile("<code>((?:MACHINE_ID|TELEPORT)_\\w+|GIT_SSH_COMMAND|KUBECONFIG)</code>");
        assertEquals(words("variables"), found(name, Files.readString(VIEWS.resolve("step/MachineIdStep/help.html"))));
        String table = Files.readString(VARIABLES).split("\\| variable \\| what \\|")[1].split("\n\n")[0];
        StringBuilder names = new StringBuilder();
        table.lines().filter(line -> line.startsWith("| `")).forEach(line -> names.append(line.split(" \\| ")[0]));
        assertEquals(words("variables"), found(Pattern.compile("`(\\w+)`"), names.toString()), "docs/variables.md");
    }

    /** A number in a text would be a limit's second home, unless it is the plugin's own. */
    @Test
    void no_text_repeats_a_limit() throws IOException {
        Set<String> numbers = new TreeSet<>();
        for (String line : Files.readAllLines(VIEWS.resolve("Messages.properties"))) {
            if (line.matches(".*\\b(?:up to|at most|at least|longer than) [0-9].*")) {
                numbers.add(line.split("=")[0]);
            }
        }
        try (Stream<Path> files = Files.walk(VIEWS)) {
            files.filter(file -> file.getFileName().toString().startsWith("help")).forEach(file -> {
                if (read(file).matches("(?s).*\\b(?:up to|at most|at least|longer than) [0-9].*")) {
                    numbers.add(VIEWS.relativize(file).toString());
                }
            });
        }
        // A cluster's name in Jenkins, and what the plugin lets pass as a token.
        assertEquals(Set.of("Check.name", "Check.token"), numbers);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
