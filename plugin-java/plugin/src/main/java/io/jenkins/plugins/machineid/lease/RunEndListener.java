// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.model.Run;
import hudson.model.listeners.RunListener;

/** Releases what a block of a finished run couldn't. Called on Pipeline's own threads: waits for nothing. */
@Extension
public class RunEndListener extends RunListener<Run<?, ?>> {
    @Override
    public void onFinalized(Run<?, ?> run) {
        ActiveLeases.get().runEnded(run);
    }
}
