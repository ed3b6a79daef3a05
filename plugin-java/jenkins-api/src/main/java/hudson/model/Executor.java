// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import jenkins.model.CauseOfInterruption;

public class Executor extends Thread implements ModelObject {
    Executor() {}

    @Override
    public String getDisplayName() {
        return null;
    }

    public void interrupt(Result result, CauseOfInterruption... causes) {}
}
