// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.Extension;
import hudson.model.listeners.ItemListener;

/** A controller that ends in order leaves nothing unsaved. */
@Extension
public class ShutdownSaves extends ItemListener {
    @Override
    public void onBeforeShutdown() {
        PendingSaves.all();
    }
}
