// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model.listeners;

public class ItemListener implements hudson.ExtensionPoint {
    public ItemListener() {}

    public void onBeforeShutdown() {}
}
