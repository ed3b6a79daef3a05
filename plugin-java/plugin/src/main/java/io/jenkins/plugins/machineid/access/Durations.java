// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Teleport writes them: {@code 30m}, {@code 1h30m}, {@code 90s}. */
public final class Durations {
    /** Shortest and longest lifetime that the library asks for; the cluster may shorten it. */
    private static final long MIN_SECONDS = Vocabulary.limit("lifetime_min_seconds");
    private static final long MAX_SECONDS = Vocabulary.limit("lifetime_max_seconds");
    private static final long MIN_INTERVAL_SECONDS = Vocabulary.limit("renewal_interval_min_seconds");

    private static final Pattern TEXT =
            Pattern.compile("(?:(\\d{1,6})d)?(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,6})s)?");

    private Durations() {}

    /**
     * A lifetime of certificates.
     *
     * @return seconds
     * @throws IllegalArgumentException with a sentence for the reader
     */
    public static long parse(String text) {
        return parse(text, MIN_SECONDS, MAX_SECONDS);
    }

    /**
     * The time between two renewals; it has to be shorter than the lifetime, too.
     *
     * @return seconds
     * @throws IllegalArgumentException with a sentence for the reader
     */
    public static long parseInterval(String text) {
        return parse(text, MIN_INTERVAL_SECONDS, MAX_SECONDS);
    }

    /**
     * Any other time.
     *
     * @return seconds
     * @throws IllegalArgumentException with a sentence for the reader
     */
    public static long parse(String text, long least, long most) {
        String trimmed = text.trim();
        Matcher parts = TEXT.matcher(trimmed);
        if (trimmed.isEmpty() || !parts.matches()) {
            throw new IllegalArgumentException(Messages.Duration_malformed(text));
        }
        long seconds = part(parts, 1) * 86400 + part(parts, 2) * 3600 + part(parts, 3) * 60 + part(parts, 4);
        if (seconds < least || seconds > most) {
            throw new IllegalArgumentException(Messages.Duration_outOfRange(text, text(least), text(most)));
        }
        return seconds;
    }

    /** The shortest way to write a number of seconds. */
    public static String text(long seconds) {
        StringBuilder out = new StringBuilder();
        append(out, seconds / 86400, 'd');
        append(out, seconds % 86400 / 3600, 'h');
        append(out, seconds % 3600 / 60, 'm');
        append(out, seconds % 60, 's');
        return out.length() == 0 ? "0s" : out.toString();
    }

    private static void append(StringBuilder out, long number, char unit) {
        if (number > 0) {
            out.append(number).append(unit);
        }
    }

    private static long part(Matcher parts, int group) {
        return parts.group(group) == null ? 0 : Long.parseLong(parts.group(group));
    }
}
