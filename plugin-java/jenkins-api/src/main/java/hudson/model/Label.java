// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

public abstract class Label extends Actionable {
    Label() {}

    public final boolean matches(Node n) {
        return false;
    }
}
