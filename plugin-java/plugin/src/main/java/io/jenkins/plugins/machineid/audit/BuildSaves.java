// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.Extension;
import hudson.model.Run;
import hudson.model.listeners.RunListener;

/** A build that is over has nothing that waits to be saved. Called on Pipeline's own threads: waits for nothing. */
@Extension
public class BuildSaves extends RunListener<Run<?, ?>> {
    @Override
    public void onFinalized(Run<?, ?> run) {
        MachineIdAction record = run.getAction(MachineIdAction.class);
        if (record != null) {
            PendingSaves.over(record);
        }
    }

    @Override
    public void onDeleted(Run<?, ?> run) {
        MachineIdAction record = run.getAction(MachineIdAction.class);
        if (record != null) {
            PendingSaves.forget(record);
        }
    }
}
