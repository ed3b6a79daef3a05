// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import hudson.model.FakeExecutor;
import hudson.model.FakeRun;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A freestyle build that goes on after its permission was withdrawn. */
class FreestyleAttackTest {
    @Test
    void a14AFreestyleBuildIsInterruptedWithTheRulesSentence() {
        FakeExecutor executor = new FakeExecutor();
        FakeRun run = new FakeRun("team-a/deploy", "a14#3");
        run.executor = executor;
        MachineIdBuildWrapper.end(run, new AbortException("machine-id: no more [policy_job]"));
        assertEquals(List.of("machine-id: no more [policy_job]"), executor.causes);
    }

    /** A pipeline wraps its steps, an agent within the agent too, and goes on unasked after a restart. */
    @Test
    void a14APipelineCanNotHideInTheWrapper() {
        AbortException why = assertThrows(
                AbortException.class, () -> MachineIdBuildWrapper.requireFreestyle(new FakeRun("team-a/deploy", "a14#4")));
        assertTrue(why.getMessage().endsWith("[wrapper_in_pipeline]"), why.getMessage());
    }
}
