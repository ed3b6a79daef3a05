// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.jenkinsci.plugins.workflow.steps;

import java.util.Map;

public abstract class EnvironmentExpander implements java.io.Serializable {
    public EnvironmentExpander() {}

    public abstract void expand(hudson.EnvVars env) throws java.io.IOException, InterruptedException;

    public static EnvironmentExpander constant(Map<String, String> env) {
        return null;
    }

    public static EnvironmentExpander merge(EnvironmentExpander original, EnvironmentExpander subsequent) {
        return null;
    }
}
