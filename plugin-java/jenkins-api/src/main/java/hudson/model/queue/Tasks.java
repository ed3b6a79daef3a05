// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model.queue;

import hudson.model.Item;

public class Tasks {
    Tasks() {}

    public static Item getItemOf(SubTask t) {
        return null;
    }
}
