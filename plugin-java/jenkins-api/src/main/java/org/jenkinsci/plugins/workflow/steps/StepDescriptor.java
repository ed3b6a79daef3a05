// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.jenkinsci.plugins.workflow.steps;

import java.util.Set;

public abstract class StepDescriptor extends hudson.model.Descriptor<Step> {
    public StepDescriptor() {}

    public abstract Set<? extends Class<?>> getRequiredContext();

    public abstract String getFunctionName();

    public String argumentsToString(java.util.Map<String, Object> namedArgs) {
        return null;
    }

    public boolean takesImplicitBlockArgument() {
        return false;
    }
}
