// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.util.FormValidation;
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
    static Tried warning(String... lines) {
        return new Tried(FormValidation.Kind.WARNING, List.of(lines));
    }

    static Tried error(String... lines) {
        return new Tried(FormValidation.Kind.ERROR, List.of(lines));
    }

    FormValidation form() {
        String text = String.join("; ", lines);
        return switch (kind) {
            case OK -> FormValidation.ok(text);
            case WARNING -> FormValidation.warning(text);
            case ERROR -> FormValidation.error(text);
        };
    }
}
