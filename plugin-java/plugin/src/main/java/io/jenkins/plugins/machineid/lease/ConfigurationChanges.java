// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.ItemGroup;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;

/** The configuration is saved, or what a folder defines: what it no longer allows ends at once. */
@Extension
public class ConfigurationChanges extends SaveableListener {
    @Override
    public void onChange(Saveable o, XmlFile file) {
        if (o instanceof MachineIdConfiguration || o instanceof ItemGroup<?>) {
            Maintenance.recheckSoon();
        }
    }
}
