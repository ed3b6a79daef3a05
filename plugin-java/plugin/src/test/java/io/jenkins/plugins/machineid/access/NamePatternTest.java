// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamePatternTest {
    @ParameterizedTest
    @CsvSource({
        "team-a/**, team-a/app, true",
        "team-a/**, team-a/app/main, true",
        "team-a/**, team-a, false",
        "team-a/**, team-ab/app, false",
        "team-a/**, x/team-a/app, false",
        "team-a/*, team-a/app, true",
        "team-a/*, team-a/app/main, false",
        "*, app, true",
        "*, team/app, false",
        "**, team/app/main, true",
        "**/deploy, deploy, true",
        "**/deploy, a/b/deploy, true",
        "**/deploy, a/undeploy, false",
        "a/**/z, a/z, true",
        "a/**/z, a/b/c/z, true",
        "a/**/z, abz, false",
        "rel-*, rel-1.2, true",
        "rel-*, rel-1/2, false",
        "a.b, a.b, true",
        "a.b, axb, false",
        "'', app, false",
        "App, app, false",
        "a(b)[c]\\Q, a(b)[c]\\Q, true",
        "**/**/x, x, true",
        "**/**/x, a/x, true",
        "a**/x, ab/c/x, true",
        "a**/x, ax, false",
        "***, a/b, true",
    })
    void stars_stand_for_what_the_help_says(String pattern, String job, boolean expected) {
        assertEquals(expected, new NamePattern(pattern).matches(job));
    }

    /** Every pattern of up to five of these characters against every name of up to four, by the plainest definition. */
    @Test
    void short_patterns_agree_with_the_definition() {
        List<String> patterns = words("a/*", 5);
        List<String> names = words("ab/", 4);
        for (String pattern : patterns) {
            NamePattern read = new NamePattern(pattern);
            for (String name : names) {
                assertEquals(defined(pattern, 0, name), read.matches(name), () -> pattern + " on " + name);
            }
        }
    }

    /** Random longer ones: what the exhaustive ones are too short for. */
    @Test
    void random_patterns_agree_with_the_definition() {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            String pattern = word(random, "a/**", 9);
            String name = word(random, "aab/", 9);
            assertEquals(
                    defined(pattern, 0, name), new NamePattern(pattern).matches(name), () -> pattern + " on " + name);
        }
    }

    private static String word(Random random, String letters, int most) {
        StringBuilder word = new StringBuilder();
        for (int left = random.nextInt(most + 1); left > 0; left--) {
            word.append(letters.charAt(random.nextInt(letters.length())));
        }
        return word.toString();
    }

    private static List<String> words(String letters, int most) {
        List<String> words = new ArrayList<>(List.of(""));
        for (int from = 0, length = 1; length <= most; length++) {
            int to = words.size();
            for (; from < to; from++) {
                for (char letter : letters.toCharArray()) {
                    words.add(words.get(from) + letter);
                }
            }
        }
        return words;
    }

    /** Tries each way, as the help defines the stars. */
    private static boolean defined(String pattern, int at, String name) {
        if (at == pattern.length()) {
            return name.isEmpty();
        }
        if (pattern.charAt(at) != '*') {
            return !name.isEmpty() && name.charAt(0) == pattern.charAt(at) && defined(pattern, at + 1, name.substring(1));
        }
        int end = at;
        while (end < pattern.length() && pattern.charAt(end) == '*') {
            end++;
        }
        boolean across = end - at > 1;
        boolean levels = across
                && (at == 0 || pattern.charAt(at - 1) == '/')
                && end < pattern.length()
                && pattern.charAt(end) == '/';
        if (levels && defined(pattern, end + 1, name)) {
            return true;
        }
        for (int taken = 0; taken <= name.length(); taken++) {
            boolean slash = name.lastIndexOf('/', taken - 1) >= 0;
            if (levels ? taken > 0 && name.charAt(taken - 1) == '/' && defined(pattern, end + 1, name.substring(taken))
                    : (across || !slash) && defined(pattern, end, name.substring(taken))) {
                return true;
            }
        }
        return false;
    }

    @ParameterizedTest
    @CsvSource({"**, 'a\nb', true", "*, 'a\nb', true", "team/*, 'team/a\n', true"})
    void a_line_end_in_a_name_is_an_ordinary_character(String pattern, String job, boolean expected) {
        assertEquals(expected, new NamePattern(pattern).matches(job));
    }
}
