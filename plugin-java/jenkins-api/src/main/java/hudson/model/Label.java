// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.model.labels.LabelAtom;
import java.util.Set;

public abstract class Label extends Actionable {
    protected Label(String name) {}

    public final String getName() {
        return null;
    }

    public static Set<LabelAtom> parse(String labels) {
        return null;
    }

    public final boolean matches(Node n) {
        return false;
    }
}
