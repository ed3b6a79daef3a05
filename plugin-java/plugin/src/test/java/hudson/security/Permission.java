// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.security;

/** In place of the declared class: one that tests can tell from another. */
public final class Permission {
    private final String name;

    public Permission(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
