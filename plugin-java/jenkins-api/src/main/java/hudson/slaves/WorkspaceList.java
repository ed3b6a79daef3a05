package hudson.slaves;

import hudson.FilePath;

public final class WorkspaceList {
    WorkspaceList() {}

    public static FilePath tempDir(FilePath ws) {
        return null;
    }
}
