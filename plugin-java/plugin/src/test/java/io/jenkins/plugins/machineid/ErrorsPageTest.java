// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page of errors lists each code that the plugin itself can show, and no other. */
class ErrorsPageTest {
    private static final Path PAGE = Path.of("../../docs/errors-jenkins.md");
    private static final Pattern IN_TEXTS = Pattern.compile("\\[([a-z_]+)\\]\\s*$", Pattern.MULTILINE);
    private static final Pattern IN_SOURCES = Pattern.compile("\" \\[([a-z_]+)\\]\"");

    private static final Pattern IN_FAILURES = Pattern.compile("new NativeFailure\\(\"([a-z_]+)\"");

    @Test
    void the_list_is_complete() throws IOException {
        Set<String> codes = new TreeSet<>();
        for (Refusal.Rule rule : Refusal.Rule.values()) {
            codes.add(rule.code());
        }
        for (NativeUnavailableException.Reason reason : NativeUnavailableException.Reason.values()) {
            codes.add("native_" + reason.name().toLowerCase(Locale.ROOT));
        }
        find(IN_TEXTS, Path.of("src/main/resources/io/jenkins/plugins/machineid/Messages.properties"), codes);
        Path lease = Path.of("src/main/java/io/jenkins/plugins/machineid/lease");
        find(IN_SOURCES, lease.resolve("LeaseSession.java"), codes);
        find(IN_SOURCES, lease.resolve("NodeLookup.java"), codes);
        find(IN_FAILURES, lease.resolve("AgentCalls.java"), codes);
        Set<String> listed = new TreeSet<>();
        find(Pattern.compile("^\\| `([a-z_]+)` \\|", Pattern.MULTILINE), PAGE, listed);
        assertEquals(codes, listed);
    }

    private static void find(Pattern pattern, Path file, Set<String> into) throws IOException {
        Matcher matcher = pattern.matcher(Files.readString(file));
        while (matcher.find()) {
            into.add(matcher.group(1));
        }
    }
}
