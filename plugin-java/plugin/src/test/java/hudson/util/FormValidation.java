// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.util;

/** In place of the declared class: keeps what is told. */
public class FormValidation extends java.io.IOException implements org.kohsuke.stapler.HttpResponse {
    private static final long serialVersionUID = 1L;

    public enum Kind {
        OK,
        WARNING,
        ERROR
    }

    public final Kind kind;

    private FormValidation(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public static FormValidation ok() {
        return ok("");
    }

    public static FormValidation ok(String message) {
        return new FormValidation(Kind.OK, message);
    }

    public static FormValidation warning(String message) {
        return new FormValidation(Kind.WARNING, message);
    }

    public static FormValidation aggregate(java.util.Collection<FormValidation> validations) {
        Kind worst = validations.stream().map(each -> each.kind).max(Kind::compareTo).orElse(Kind.OK);
        return new FormValidation(worst, String.join("\n", validations.stream().map(FormValidation::getMessage).toList()));
    }

    public static FormValidation error(String message) {
        return new FormValidation(Kind.ERROR, message);
    }
}
