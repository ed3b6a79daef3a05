// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.tools;

import hudson.model.Describable;

public abstract class PropertyDescriptor<P extends Describable<P>, T> extends hudson.model.Descriptor<P> {
    protected PropertyDescriptor() {}

    public boolean isApplicable(Class<? extends T> targetType) {
        return false;
    }
}
