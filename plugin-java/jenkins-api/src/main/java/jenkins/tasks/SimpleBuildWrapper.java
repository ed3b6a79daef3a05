// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.tasks;

import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.Run;
import hudson.model.TaskListener;
import java.io.IOException;

public abstract class SimpleBuildWrapper extends hudson.tasks.BuildWrapper {
    public SimpleBuildWrapper() {}

    public void setUp(
            Context context,
            Run<?, ?> build,
            FilePath workspace,
            Launcher launcher,
            TaskListener listener,
            EnvVars initialEnvironment)
            throws IOException, InterruptedException {}

    public void setUp(Context context, Run<?, ?> build, TaskListener listener, EnvVars initialEnvironment)
            throws IOException, InterruptedException {}

    public boolean requiresWorkspace() {
        return false;
    }

    public static final class Context {
        public Context() {}

        public void env(String key, String value) {}

        public void setDisposer(Disposer disposer) {}
    }

    public abstract static class Disposer implements java.io.Serializable {
        public Disposer() {}

        public void tearDown(
                Run<?, ?> build, FilePath workspace, Launcher launcher, TaskListener listener)
                throws IOException, InterruptedException {}

        public void tearDown(Run<?, ?> build, TaskListener listener) throws IOException, InterruptedException {}
    }
}
