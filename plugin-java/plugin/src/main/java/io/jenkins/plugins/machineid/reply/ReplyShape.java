// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.reply;

/**
 * Looks over JSON of an agent before it is parsed, without recursion: how deep it is, and how long its bare words are.
 * A parser would spend a thread's stack on the one and minutes of a processor on a number of a million digits.
 */
final class ReplyShape {
    /** A status reply has seven. */
    static final int MAX_DEPTH = 16;
    /** Numbers and words outside of quotes. */
    static final int MAX_WORD = 32;

    private ReplyShape() {}

    /** Null, or what is wrong. */
    static String fault(String json) {
        int depth = 0;
        int word = 0;
        boolean quoted = false;
        for (int at = 0; at < json.length(); at++) {
            char c = json.charAt(at);
            if (quoted) {
                if (c == '\\') {
                    at++;
                } else if (c == '"') {
                    quoted = false;
                }
                continue;
            }
            switch (c) {
                case '"' -> quoted = true;
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                default -> { }
            }
            boolean bare = Character.isLetterOrDigit(c) || c == '+' || c == '-' || c == '.' || c == '\'';
            word = bare ? word + 1 : 0;
            if (depth > MAX_DEPTH) {
                return "nested deeper than " + MAX_DEPTH;
            }
            if (word > MAX_WORD) {
                return "a bare word longer than " + MAX_WORD;
            }
        }
        return null;
    }
}
