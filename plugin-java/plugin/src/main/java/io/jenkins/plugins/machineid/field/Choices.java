// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import hudson.util.ListBoxModel;
import java.util.Collection;

/** The choices of a field that names something of the configuration. */
public final class Choices {
    private Choices() {}

    /**
     * @param none what choosing nothing means
     * @param offered names of what there is, as far as the person is told
     * @param current what stands in the field; may be empty. It stays a choice, whether it is there or not
     */
    public static ListBoxModel of(String none, Collection<String> offered, String current) {
        ListBoxModel items = new ListBoxModel();
        items.add(none, "");
        offered.forEach(name -> items.add(name, name));
        String here = Texts.orNull(current);
        if (here != null && !offered.contains(here)) {
            items.add(here, here);
        }
        return items;
    }
}
