// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.jenkinsci.plugins.workflow.steps;

public abstract class BodyExecution implements java.io.Serializable {
    BodyExecution() {}

    public boolean cancel(Throwable t) {
        return false;
    }
}
