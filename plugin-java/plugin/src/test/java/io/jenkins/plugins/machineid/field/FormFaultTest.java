// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.join.IamJoin;
import io.jenkins.plugins.machineid.output.DatabaseOutput;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The page on which a save with a mistake ends, and the same fault in YAML. */
class FormFaultTest {
    private static final String RULE = "'abc' is no CA pin; take the line that \"tctl status\" prints, sha256: and 64 hexadecimal digits";

    private static void badPin() {
        new Cluster("main", "teleport.example.com").setCaPins(List.of("abc"));
    }

    @Test
    void the_page_names_section_entry_and_field_and_says_what_to_do() {
        RuntimeException fault = assertThrows(FormFault.class, () -> FormFault.entry("Cluster 2 ('main')", FormFaultTest::badPin));
        String page = FormFault.page("Machine ID (Teleport)", fault);
        assertTrue(page.startsWith("Machine ID (Teleport), Cluster 2 ('main'), field 'CA pins': " + RULE), page);
        assertTrue(page.endsWith("Go back in the browser, correct the field and save again."), page);
    }

    /** As Stapler wraps what a constructor or a setter throws. */
    @Test
    void it_is_found_below_the_wrappers_of_the_form_binding() {
        Runnable wrapped = () -> {
            try {
                badPin();
            } catch (IllegalArgumentException e) {
                throw new LinkageError("Failed to instantiate", new java.lang.reflect.InvocationTargetException(e));
            }
        };
        FormFault fault = assertThrows(FormFault.class, () -> FormFault.entry("Cluster 1", wrapped));
        assertEquals("Cluster 1, field 'CA pins': " + RULE, FormFault.of(fault));
    }

    /** There the field has another name, and the reader an own way to say where. */
    @Test
    void a_message_for_yaml_and_pipeline_names_no_field_of_a_form() {
        assertEquals(RULE, assertThrows(IllegalArgumentException.class, FormFaultTest::badPin).getMessage());
        FormFault fault = assertThrows(FormFault.class, () -> FormFault.entry("Cluster 'main'", FormFaultTest::badPin));
        assertEquals("Cluster 'main': " + RULE, fault.getMessage());
    }

    @Test
    void fields_are_called_as_the_forms_call_them() {
        assertEquals("ID", Labels.of(Identity.class, "id"));
        assertEquals("Bot certificate TTL", Labels.of(Identity.class, "lifetime"));
        assertEquals("nothing", Labels.of(Identity.class, "nothing"));
        String told = FormFault.of(assertThrows(FormFault.class, () -> new DatabaseOutput(" ")));
        assertTrue(told.startsWith("field 'Database service': "), told);
        told = FormFault.of(assertThrows(FormFault.class, () -> new IamJoin().setTokenFile("x")));
        assertTrue(told.startsWith("field 'File on the agent"), told);
    }

    @Test
    void what_is_no_fault_of_a_field_is_told_as_it_is() {
        assertEquals("null", FormFault.of(new IllegalStateException()));
        assertFalse(FormFault.page("Machine ID", new IllegalStateException("all of it")).contains("field ''"));
    }
}
