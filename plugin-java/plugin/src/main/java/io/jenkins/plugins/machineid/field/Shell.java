// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import java.util.regex.Pattern;

/** Texts in lines that people paste into a shell. */
public final class Shell {
    private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9._/:@=,+-]+");

    private Shell() {}

    /** One word for a POSIX shell, whatever is in it. */
    public static String word(String text) {
        return SAFE.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
