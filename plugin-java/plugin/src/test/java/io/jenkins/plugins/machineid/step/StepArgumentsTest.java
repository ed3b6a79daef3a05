// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the views of a pipeline's steps say beside the step's name. */
class StepArgumentsTest {
    private final MachineIdStep.DescriptorImpl step = new MachineIdStep.DescriptorImpl();

    @Test
    void a_block_is_told_by_what_it_asks_for() {
        assertEquals("api", step.argumentsToString(Map.of("identity", "api")));
        assertEquals(
                "api; one, two; 30m; prod",
                step.argumentsToString(Map.of("ttl", "30m", "roles", List.of("one", "two"), "identity", "api", "kubernetesCluster", "prod")));
        assertNull(step.argumentsToString(Map.of()));
    }

    /** Outputs and readers are left out: they would be long. What is long all the same is cut. */
    @Test
    void it_is_short() {
        assertNull(step.argumentsToString(Map.of("outputs", List.of("x"), "readers", List.of("y"))));
        String text = step.argumentsToString(Map.of("roles", List.of("r".repeat(500))));
        assertTrue(text.length() <= 120, text);
    }

    /** As the snippet generator prints it: Jenkins asks for the text of the exception and for its trace. */
    @Test
    void what_is_missing_in_the_generator_is_a_sentence_without_a_trace() {
        StringWriter printed = new StringWriter();
        new MachineIdStep.Unfinished("field 'Database service': it is needed").printStackTrace(new PrintWriter(printed, true));
        assertEquals("field 'Database service': it is needed", printed.toString().trim());
    }
}
