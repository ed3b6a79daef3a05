// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.slaves;

import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.TaskListener;
import hudson.remoting.Channel;
import java.io.IOException;

public abstract class ComputerListener implements hudson.ExtensionPoint {
    public ComputerListener() {}

    public void preOnline(Computer c, Channel channel, FilePath root, TaskListener listener)
            throws IOException, InterruptedException {}

    public void onOnline(Computer c, TaskListener listener) throws IOException, InterruptedException {}

    public void onOffline(Computer c, OfflineCause cause) {}
}
