// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.model.labels.LabelAtom;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** In place of the declared class, which knows no names; quotes aren't read here. */
public abstract class Label extends Actionable {
    private final String name;

    protected Label(String name) {
        this.name = name;
    }

    public final String getName() {
        return name;
    }

    public static Set<LabelAtom> parse(String labels) {
        return Stream.of(labels.split("\\s+"))
                .filter(label -> !label.isEmpty())
                .distinct()
                .map(LabelAtom::new)
                .collect(Collectors.toSet());
    }

    public final boolean matches(Node n) {
        return false;
    }
}
