// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.triggers;

public abstract class SafeTimerTask extends java.util.TimerTask {
    public SafeTimerTask() {}

    @Override
    public final void run() {}

    protected abstract void doRun() throws Exception;
}
