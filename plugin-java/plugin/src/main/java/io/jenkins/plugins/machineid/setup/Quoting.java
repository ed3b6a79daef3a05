// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Texts as values of YAML and HCL. Names of jobs are chosen by those whom an allow rule is to keep out: whatever a text
 * holds, it stays one value.
 */
final class Quoting {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9_-]*");
    private static final Pattern TEMPLATE = Pattern.compile("(?:\\$+|%+)(?=\\{)");

    /** What YAML 1.1 reads as something else than a text. */
    private static final Set<String> WORDS = Set.of("true", "false", "yes", "no", "on", "off", "y", "n", "null");

    /** Characters in a line of a comment. */
    private static final int WIDTH = 110;

    private Quoting() {}

    /** As short as it may be: what reads as a plain word stays one. */
    static String yaml(String text) {
        if (PLAIN.matcher(text).matches() && !WORDS.contains(text.toLowerCase(Locale.ROOT))) {
            return text;
        }
        boolean json = text.indexOf('"') >= 0 && text.indexOf('\'') < 0 && text.chars().allMatch(c -> c >= ' ' && c < 0x7f);
        return json ? "'" + text + "'" : quoted(text);
    }

    /** {@code ${} and {@code %{} begin templates in HCL: the last sign before the brace is doubled, others are spelt out. */
    static String hcl(String text) {
        return TEMPLATE.matcher(quoted(text)).replaceAll(signs -> Matcher.quoteReplacement(escaped(signs.group())));
    }

    private static String escaped(String signs) {
        String one = signs.substring(0, 1);
        return String.format("\\u%04x", (int) signs.charAt(0)).repeat(signs.length() - 1) + one + one;
    }

    /** A string literal of the predicate language, which is Go's. */
    static String predicate(String text) {
        return quoted(text);
    }

    /** As comments, each line of them, whatever is in it; long ones are broken at blanks. */
    static String comment(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().forEach(c -> shown.appendCodePoint(isShown(c) ? c : ' '));
        StringBuilder out = new StringBuilder();
        StringBuilder line = new StringBuilder("#");
        for (String word : shown.toString().trim().split(" +")) {
            if (line.length() > 1 && line.length() + word.length() >= WIDTH) {
                out.append(line).append('\n');
                line.setLength(1);
            }
            line.append(' ').append(word);
        }
        return out.append(line).append('\n').toString();
    }

    /** Within double quotes, as YAML, HCL and Go all read it. */
    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').appendCodePoint(c);
            } else if (isShown(c)) {
                out.appendCodePoint(c);
            } else if (Character.getType(c) == Character.SURROGATE) {
                out.append("\\ufffd");
            } else {
                out.append(String.format(c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
            }
        });
        return out.append('"').toString();
    }

    /** No control, format or separator character, nothing that is no character. */
    private static boolean isShown(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.SURROGATE,
                    Character.UNASSIGNED -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }
}
