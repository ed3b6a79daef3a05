// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.issuer.KeyWatch;

/**
 * An administrator has saved an identity that joins by statements of this controller: it has keys from then on. So the
 * public ones are there for a cluster that fetches them before the first build.
 */
@Extension
public class KeysNeeded extends SaveableListener {
    @Override
    public void onChange(Saveable o, XmlFile file) {
        if (o instanceof MachineIdConfiguration configuration
                && !Plans.keyHolders(configuration.settings()).isEmpty()) {
            KeyWatch.needed();
        }
    }
}
