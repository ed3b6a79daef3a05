// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.model.Descriptor;

/** The form of a join method. */
public abstract class JoinMethodDescriptor extends Descriptor<JoinMethod> {
    private final String method;

    /** @param method Teleport's name of it */
    protected JoinMethodDescriptor(String method) {
        this.method = method;
    }

    /** People know the methods by Teleport's names. */
    @Override
    public String getDisplayName() {
        return method;
    }
}
