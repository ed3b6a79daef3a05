// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.slaves;

public abstract class ComputerLauncher implements hudson.ExtensionPoint {
    ComputerLauncher() {}
}
