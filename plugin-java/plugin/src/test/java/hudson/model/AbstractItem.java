// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

/** In place of the declared class, where {@code getFullName} is final: tests say what it gives. */
public abstract class AbstractItem extends Actionable implements Item {
    AbstractItem() {}

    protected AbstractItem(ItemGroup parent, String name) {}

    @Override
    public ItemGroup<? extends Item> getParent() {
        return null;
    }

    @Override
    public String getFullName() {
        return null;
    }
}
