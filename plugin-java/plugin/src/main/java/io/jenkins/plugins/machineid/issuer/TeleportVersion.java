// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of Teleport, without what follows its three numbers. */
public record TeleportVersion(int major, int minor, int patch) implements Comparable<TeleportVersion> {
    private static final String NUMBERS = "(\\d{1,4})(?:\\.(\\d{1,4}))?(?:\\.(\\d{1,6}))?";
    private static final Pattern WHOLE = Pattern.compile("v?" + NUMBERS + "(?:[-+].*)?");
    private static final Pattern EACH = Pattern.compile(NUMBERS);

    /** Empty: it is none. */
    public static Optional<TeleportVersion> parse(String text) {
        Matcher matcher = WHOLE.matcher(text);
        return matcher.matches() ? Optional.of(of(matcher)) : Optional.empty();
    }

    /**
     * Whether it is one of these versions, or a newer one of the same line, or newer than all.
     *
     * @param since as in {@code 12.4, 13.4 or 14}
     */
    boolean isSince(String since) {
        List<TeleportVersion> firsts = new ArrayList<>();
        Matcher matcher = EACH.matcher(since);
        while (matcher.find()) {
            firsts.add(of(matcher));
        }
        return firsts.stream().anyMatch(first -> first.major == major && compareTo(first) >= 0)
                || firsts.stream().allMatch(first -> compareTo(first) > 0);
    }

    public boolean isAtLeast(int line, int release) {
        return compareTo(new TeleportVersion(line, release, 0)) >= 0;
    }

    private static TeleportVersion of(Matcher matcher) {
        return new TeleportVersion(number(matcher, 1), number(matcher, 2), number(matcher, 3));
    }

    private static int number(Matcher matcher, int group) {
        return matcher.group(group) == null ? 0 : Integer.parseInt(matcher.group(group));
    }

    @Override
    public int compareTo(TeleportVersion other) {
        return Comparator.comparingInt(TeleportVersion::major)
                .thenComparingInt(TeleportVersion::minor)
                .thenComparingInt(TeleportVersion::patch)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + patch;
    }
}
