// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.util.FormValidation;
import java.util.ArrayList;
import java.util.List;

/**
 * What came of a try.
 *
 * @param lines for people; never empty
 */
public record Tried(FormValidation.Kind kind, List<String> lines) {
    public Tried {
        lines = List.copyOf(lines);
    }

    /** It couldn't be tried. */
    public static Tried warning(String... lines) {
        return new Tried(FormValidation.Kind.WARNING, List.of(lines));
    }

    static Tried error(String... lines) {
        return new Tried(FormValidation.Kind.ERROR, List.of(lines));
    }

    FormValidation form() {
        // The first line says how it went; the others are facts.
        List<FormValidation> shown = new ArrayList<>();
        for (String line : lines) {
            shown.add(
                    !shown.isEmpty()
                            ? FormValidation.ok(line)
                            : switch (kind) {
                                case OK -> FormValidation.ok(line);
                                case WARNING -> FormValidation.warning(line);
                                case ERROR -> FormValidation.error(line);
                            });
        }
        return FormValidation.aggregate(shown);
    }
}
