// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package com.cloudbees.hudson.plugins.folder;

import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.TopLevelItem;
import hudson.security.Permission;
import hudson.util.DescribableList;

/** A folder of that full name, with the properties that a test puts there. */
public final class FakeFolder extends AbstractFolder<TopLevelItem> {
    private final ItemGroup<? extends Item> parent;
    private final String name;
    private final DescribableList<AbstractFolderProperty<?>, AbstractFolderPropertyDescriptor> properties =
            new DescribableList<>();
    public volatile boolean configurable = true;

    public FakeFolder(ItemGroup<? extends Item> parent, String name) {
        super(parent, name);
        this.parent = parent;
        this.name = name;
    }

    /** In place of what it had. */
    public FakeFolder set(Object property) {
        properties.entries.clear();
        properties.entries.add(property);
        return this;
    }

    @Override
    public ItemGroup<? extends Item> getParent() {
        return parent;
    }

    @Override
    public String getFullName() {
        return name;
    }

    @Override
    public DescribableList<AbstractFolderProperty<?>, AbstractFolderPropertyDescriptor> getProperties() {
        return properties;
    }

    @Override
    public boolean hasPermission(Permission permission) {
        return configurable;
    }

    @Override
    public void checkPermission(Permission permission) {
        if (!configurable) {
            throw new SecurityException("lacks Configure");
        }
    }
}
