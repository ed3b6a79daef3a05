// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The texts for people: of two with one name Java silently takes the last, as a merge of two branches can have it. */
class MessagesTest {
    private static final Path TEXTS = Path.of("src/main/resources/io/jenkins/plugins/machineid/Messages.properties");
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern KEY = Pattern.compile("^([A-Za-z.]+)=", Pattern.MULTILINE);
    private static final Pattern USE = Pattern.compile("Messages(?:\\.|::)(\\w+)");

    private static List<String> keys() throws IOException {
        return KEY.matcher(Files.readString(TEXTS)).results().map(key -> key.group(1)).toList();
    }

    @Test
    void no_name_is_there_twice() throws IOException {
        Set<String> seen = new TreeSet<>();
        List<String> twice = keys().stream().filter(key -> !seen.add(key)).toList();
        assertFalse(seen.isEmpty());
        assertEquals(List.of(), twice);
    }

    @Test
    void each_text_is_used() throws IOException {
        List<String> unused = new ArrayList<>(keys().stream().map(key -> key.replace('.', '_')).toList());
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                USE.matcher(Files.readString(file)).results().forEach(use -> unused.remove(use.group(1)));
            }
        }
        assertEquals(List.of(), unused);
    }
}
