// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.Item;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.issuer.KeyWatch;

/**
 * Somebody has saved an identity that joins by statements of this controller, or a folder that may define one: the
 * controller has keys from then on. So the public ones are there for a cluster that fetches them before the first build.
 */
@Extension
public class KeysNeeded extends SaveableListener {
    @Override
    public void onChange(Saveable o, XmlFile file) {
        if (isNeededBy(o)) {
            KeyWatch.needed();
        }
    }

    /** What a folder defines counts only where an administrator lets it. */
    static boolean isNeededBy(Object saved) {
        boolean concerned =
                saved instanceof MachineIdConfiguration || saved instanceof Item item && FolderIdentities.definesAny(item);
        return concerned && !Plans.keyHolders(SetupPage.settings()).isEmpty();
    }
}
