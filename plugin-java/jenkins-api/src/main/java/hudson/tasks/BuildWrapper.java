// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.tasks;

public abstract class BuildWrapper extends hudson.model.AbstractDescribableImpl<BuildWrapper>
        implements hudson.ExtensionPoint {
    public BuildWrapper() {}
}
