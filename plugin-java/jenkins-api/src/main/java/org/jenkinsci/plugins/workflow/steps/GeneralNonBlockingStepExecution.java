// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package org.jenkinsci.plugins.workflow.steps;

public abstract class GeneralNonBlockingStepExecution extends StepExecution {
    protected GeneralNonBlockingStepExecution(StepContext context) {
        super(context);
    }

    protected final void run(Block block) {}

    @Override
    public void stop(Throwable cause) throws Exception {}

    @Override
    public void onResume() {}

    @Override
    public String getStatus() {
        return null;
    }

    protected interface Block {
        void run() throws Exception;
    }
}
