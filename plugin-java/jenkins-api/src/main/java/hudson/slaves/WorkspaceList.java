// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.slaves;

import hudson.FilePath;

public final class WorkspaceList {
    WorkspaceList() {}

    public static FilePath tempDir(FilePath ws) {
        return null;
    }
}
