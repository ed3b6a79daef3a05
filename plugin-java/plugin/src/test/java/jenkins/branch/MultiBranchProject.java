// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.branch;

import hudson.model.Item;
import hudson.model.ItemGroup;

/** As the plugin branch-api has it, of which only the name is known. */
public class MultiBranchProject implements ItemGroup<Item>, Item {
    @Override
    public String getFullName() {
        return "team/app";
    }

    @Override
    public ItemGroup<? extends Item> getParent() {
        return null;
    }
}
