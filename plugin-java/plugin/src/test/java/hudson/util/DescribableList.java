// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.util;

import hudson.model.Describable;
import hudson.model.Descriptor;
import java.util.ArrayList;
import java.util.List;

/** In place of the declared class: holds what a test puts there. */
public class DescribableList<T extends Describable<T>, D extends Descriptor<T>> {
    public final List<Object> entries = new ArrayList<>();

    public <U extends T> U get(Class<U> type) {
        return entries.stream().filter(type::isInstance).map(type::cast).findFirst().orElse(null);
    }
}
