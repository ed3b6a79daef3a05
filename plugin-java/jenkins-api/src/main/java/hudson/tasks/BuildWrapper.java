// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.tasks;

import hudson.ExtensionPoint;
import hudson.model.Describable;
import hudson.model.Descriptor;

/** Up to 2.479 also an {@code AbstractDescribableImpl}, in 2.516 no more. */
public abstract class BuildWrapper implements ExtensionPoint, Describable<BuildWrapper> {
    public BuildWrapper() {}

    @Override
    public Descriptor<BuildWrapper> getDescriptor() {
        return null;
    }
}
