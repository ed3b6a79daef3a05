// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import java.util.ArrayList;
import java.util.List;
import jenkins.model.CauseOfInterruption;

/** Remembers why it was interrupted. */
public final class FakeExecutor extends Executor {
    public final List<String> causes = new ArrayList<>();

    @Override
    public void interrupt(Result result, CauseOfInterruption... why) {
        for (CauseOfInterruption cause : why) {
            causes.add(cause.getShortDescription());
        }
    }
}
