// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.jenkinsci.plugins.durabletask.executors;

import hudson.model.Queue;

public interface ContinuedTask extends Queue.Task {
    boolean isContinued();
}
