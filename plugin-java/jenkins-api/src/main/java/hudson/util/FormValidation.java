// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.util;

public abstract class FormValidation extends java.io.IOException implements org.kohsuke.stapler.HttpResponse {
    public final Kind kind = null;

    FormValidation() {}

    public enum Kind {
        OK,
        WARNING,
        ERROR
    }

    public static FormValidation ok() {
        return null;
    }

    public static FormValidation ok(String message) {
        return null;
    }

    public static FormValidation warning(String message) {
        return null;
    }

    public static FormValidation aggregate(java.util.Collection<FormValidation> validations) {
        return null;
    }

    public static FormValidation error(String message) {
        return null;
    }
}
