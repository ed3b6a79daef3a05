// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.tasks;

import hudson.model.AbstractProject;

public abstract class BuildWrapperDescriptor extends hudson.model.Descriptor<BuildWrapper> {
    protected BuildWrapperDescriptor() {}

    public abstract boolean isApplicable(AbstractProject<?, ?> item);
}
