// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson;

import hudson.model.Computer;
import hudson.remoting.VirtualChannel;
import java.io.File;

/** In place of the declared class: a path on an agent. */
public final class FilePath implements org.jenkinsci.remoting.SerializableOnlyOverRemoting {
    private final String remote;

    public FilePath(File localPath) {
        this.remote = localPath.getPath();
    }

    public FilePath(VirtualChannel channel, String remote) {
        this.remote = remote;
    }

    public FilePath child(String relOrAbsolute) {
        return new FilePath(null, remote + "/" + relOrAbsolute);
    }

    public String getRemote() {
        return remote;
    }

    public Computer toComputer() {
        return null;
    }

    public VirtualChannel getChannel() {
        return null;
    }
}
