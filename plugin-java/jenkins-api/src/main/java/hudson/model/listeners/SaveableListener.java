// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model.listeners;

import hudson.XmlFile;
import hudson.model.Saveable;

public abstract class SaveableListener implements hudson.ExtensionPoint {
    public SaveableListener() {}

    public void onChange(Saveable o, XmlFile file) {}
}
