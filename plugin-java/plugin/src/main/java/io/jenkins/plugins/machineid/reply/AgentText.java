// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.reply;

/** Text that an agent sent, made fit for logs, consoles and pages: the one home of what may pass. */
public final class AgentText {
    /** Longest sentence. */
    static final int LONGEST = 2000;

    private AgentText() {}

    /** One line of printable text of bounded length. */
    public static String line(String text) {
        return line(text, LONGEST);
    }

    /**
     * One line of printable text: what steers a terminal (C0, C1), turns or hides text (bidi, zero width, tags), ends a
     * line or is no character at all becomes a blank; blanks in a row become one.
     */
    public static String line(String text, int longest) {
        StringBuilder line = new StringBuilder();
        int at = 0;
        while (text != null && at < text.length() && line.length() <= longest) {
            int c = text.codePointAt(at);
            at += Character.charCount(c);
            if (isPrintable(c)) {
                line.appendCodePoint(c);
            } else if (line.length() > 0 && line.charAt(line.length() - 1) != ' ') {
                line.append(' ');
            }
        }
        String whole = line.toString().strip();
        if (whole.length() <= longest) {
            return whole;
        }
        int end = Character.isHighSurrogate(whole.charAt(longest - 1)) ? longest - 1 : longest;
        return whole.substring(0, end) + "…";
    }

    /** True when nothing of it would be changed. */
    public static boolean isLine(String text, int longest) {
        return text.equals(line(text, longest));
    }

    /** True when a path can stand in a variable and in a log: as {@link #isLine}, with any blanks between. */
    public static boolean isPath(String path) {
        return path.codePoints().allMatch(c -> c == ' ' || isPrintable(c));
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            // Shown as nothing, yet letters to Unicode: fillers of Hangul, and the grapheme joiner.
            default -> c != 0x115F && c != 0x1160 && c != 0x3164 && c != 0xFFA0 && c != 0x034F;
        };
    }
}
