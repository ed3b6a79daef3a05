// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

/**
 * A pattern over a job's full name: {@code *} stands for anything within one folder level, {@code **} for any number
 * of levels. {@code team-a/**} takes everything below the folder, not the folder's own name. Agent names, which have
 * one level, are matched in the same way.
 *
 * <p>All ways through the pattern are followed at once, so that a match takes at most {@code pattern × name} steps,
 * whatever the two are: names are chosen by those whom the pattern is to keep out.
 */
public final class NamePattern {
    private enum Kind {
        /** One character. */
        LITERAL,
        /** {@code *} */
        WITHIN,
        /** {@code **} */
        ACROSS,
        /** {@code **} and a slash, as a level of its own: no level at all, or {@link #LEVELS}. */
        NO_LEVEL,
        /** Whole levels, with the slash behind them. */
        LEVELS
    }

    private final Kind[] kinds;
    private final char[] literals;
    private final int length;

    public NamePattern(String text) {
        kinds = new Kind[text.length()];
        literals = new char[text.length()];
        int states = 0;
        int at = 0;
        while (at < text.length()) {
            if (text.charAt(at) != '*') {
                literals[states] = text.charAt(at++);
                kinds[states++] = Kind.LITERAL;
                continue;
            }
            int first = at;
            while (at < text.length() && text.charAt(at) == '*') {
                at++;
            }
            boolean across = at - first > 1;
            // "**/x" also takes "x": no level at all is any number of levels.
            if (across
                    && (first == 0 || text.charAt(first - 1) == '/')
                    && at < text.length()
                    && text.charAt(at) == '/') {
                kinds[states++] = Kind.NO_LEVEL;
                kinds[states++] = Kind.LEVELS;
                at++;
            } else {
                kinds[states++] = across ? Kind.ACROSS : Kind.WITHIN;
            }
        }
        length = states;
    }

    public boolean matches(String name) {
        boolean[] now = new boolean[length + 1];
        boolean[] next = new boolean[length + 1];
        enter(now, 0);
        for (int i = 0; i < name.length(); i++) {
            step(now, next, name.charAt(i));
            boolean[] spare = now;
            now = next;
            next = spare;
            java.util.Arrays.fill(next, false);
        }
        return now[length];
    }

    private void step(boolean[] now, boolean[] next, char c) {
        for (int state = 0; state < length; state++) {
            if (!now[state]) {
                continue;
            }
            switch (kinds[state]) {
                case LITERAL -> {
                    if (literals[state] == c) {
                        enter(next, state + 1);
                    }
                }
                case WITHIN -> {
                    if (c != '/') {
                        enter(next, state);
                    }
                }
                case ACROSS -> enter(next, state);
                case LEVELS -> {
                    next[state] = true;
                    if (c == '/') {
                        enter(next, state + 1);
                    }
                }
                case NO_LEVEL -> {
                    // Takes no character.
                }
            }
        }
    }

    /** Goes on through what may stand for nothing; each state is entered once for a character. */
    private void enter(boolean[] states, int first) {
        int state = first;
        while (!states[state]) {
            states[state] = true;
            if (state == length || kinds[state] == Kind.LITERAL || kinds[state] == Kind.LEVELS) {
                return;
            }
            if (kinds[state] == Kind.NO_LEVEL) {
                states[state + 1] = true;
                state += 2;
            } else {
                state++;
            }
        }
    }
}
