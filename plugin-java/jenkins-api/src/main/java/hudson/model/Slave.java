// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import hudson.FilePath;
import hudson.slaves.ComputerLauncher;

public abstract class Slave extends Node {
    Slave() {}

    public ComputerLauncher getLauncher() {
        return null;
    }

    public String getRemoteFS() {
        return null;
    }

    @Override
    public String getNodeName() {
        return null;
    }

    @Override
    public String getLabelString() {
        return null;
    }

    @Override
    public FilePath getRootPath() {
        return null;
    }
}
