// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.cli;

import java.io.PrintStream;

public abstract class CLICommand implements hudson.ExtensionPoint, Cloneable {
    public transient PrintStream stdout;
    public transient PrintStream stderr;

    public CLICommand() {}

    public String getName() {
        return null;
    }

    public abstract String getShortDescription();

    protected abstract int run() throws Exception;
}
