// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

import hudson.remoting.VirtualChannel;

public final class FilePath implements org.jenkinsci.remoting.SerializableOnlyOverRemoting {
    public FilePath(java.io.File localPath) {}

    public FilePath child(String relOrAbsolute) {
        return null;
    }

    public String getRemote() {
        return null;
    }

    public hudson.model.Computer toComputer() {
        return null;
    }

    public VirtualChannel getChannel() {
        return null;
    }
}
