// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.model.queue.SubTask;

public class Queue {
    Queue() {}

    public interface Task extends ModelObject, SubTask {}

    public interface FlyweightTask extends Task {}

    public abstract static class Item extends Actionable {
        public final Task task = null;

        Item() {}
    }

    public abstract static class NotWaitingItem extends Item {
        NotWaitingItem() {}
    }

    public static final class BuildableItem extends NotWaitingItem {
        BuildableItem() {}
    }
}
