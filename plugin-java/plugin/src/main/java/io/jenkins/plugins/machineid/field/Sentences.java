// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

/** Finds the sentence for the reader below the wrappers of the form binding. */
public final class Sentences {
    private Sentences() {}

    public static String of(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < 20 && cause != null; depth++) {
            // The innermost of ours is the one that a check threw.
            if (cause instanceof IllegalArgumentException && cause.getCause() == null) {
                return String.valueOf(cause.getMessage());
            }
            cause = cause.getCause();
        }
        return String.valueOf(failure.getMessage());
    }
}
