// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model.listeners;

import hudson.model.Run;
import hudson.model.TaskListener;

@SuppressWarnings("rawtypes")
public abstract class RunListener<R extends Run> implements hudson.ExtensionPoint {
    protected RunListener() {}

    public void onCompleted(R r, TaskListener listener) {}

    public void onFinalized(R r) {}

    public void onDeleted(R r) {}
}
