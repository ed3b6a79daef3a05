// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.util;

/** In place of the declared class: keeps the text as it is. */
public final class Secret implements java.io.Serializable {
    private static final long serialVersionUID = 1L;

    private final String text;

    private Secret(String text) {
        this.text = text;
    }

    public static Secret fromString(String data) {
        // As Jenkins decrypts what it has encrypted itself.
        return new Secret(data.startsWith("{encrypted:") ? data.substring(11, data.length() - 1) : data);
    }

    public String getPlainText() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && secret.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
