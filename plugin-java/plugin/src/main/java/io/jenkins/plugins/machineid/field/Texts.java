// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Form fields hold text; the configuration holds lists and leaves out what says nothing. */
public final class Texts {
    private Texts() {}

    /** Trimmed; null when nothing is left. */
    public static String orNull(String text) {
        String trimmed = orEmpty(text).trim();
        return trimmed.isBlank() ? null : trimmed;
    }

    public static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    /** Null when the value is blank or the default: defaults are not saved. */
    public static String unlessDefault(String text, String normal) {
        String trimmed = orNull(text);
        return trimmed == null || trimmed.equals(normal) ? null : trimmed;
    }

    /**
     * Each entry split at white space and commas, empty ones dropped: a form sends one text, YAML and Pipeline a list.
     *
     * @return null when nothing is left
     */
    public static List<String> words(Collection<String> entries) {
        return split(entries, "[\\s,]+");
    }

    /** As {@link #words}, split at commas and line ends only: names of others' resources may hold spaces. */
    public static List<String> names(Collection<String> entries) {
        return split(entries, "[,\\r\\n]+");
    }

    /** As {@link #words}, split at line ends only: job names hold spaces and commas. */
    public static List<String> lines(Collection<String> entries) {
        return split(entries, "[\\r\\n]+");
    }

    /** For a form's field that shows them on one line. */
    public static String joined(Collection<?> entries) {
        return String.join(", ", entries.stream().map(String::valueOf).toList());
    }

    /** The host of an address that may have a port; an IPv6 address loses its brackets. */
    public static String host(String address) {
        if (address.startsWith("[")) {
            return address.substring(1, address.indexOf(']'));
        }
        int colon = address.indexOf(':');
        return colon < 0 ? address : address.substring(0, colon);
    }

    public static List<String> orEmpty(List<String> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    /** For a form: a {@code config.xml} may hold anything in a list of texts. It must not vanish, as none often means all. */
    public static List<String> shown(List<?> list) {
        return list == null ? List.of() : list.stream().map(each -> each instanceof String text ? text : "?").toList();
    }

    private static List<String> split(Collection<String> entries, String separator) {
        if (entries == null) {
            return null;
        }
        List<String> parts = new ArrayList<>();
        for (String entry : entries) {
            for (String part : entry.split(separator)) {
                if (!part.isBlank() && !parts.contains(part.trim())) {
                    parts.add(part.trim());
                }
            }
        }
        return parts.isEmpty() ? null : parts;
    }
}
