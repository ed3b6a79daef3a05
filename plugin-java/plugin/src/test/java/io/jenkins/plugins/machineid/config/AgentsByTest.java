// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.util.FormValidation;
import java.util.Set;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an administrator is told who lets others than named agents have an identity. */
class AgentsByTest {
    @AfterEach
    void nobody() {
        Jenkins.get().granted = null;
    }

    @Test
    void whoever_chooses_agents_otherwise_than_by_name_is_warned() {
        Jenkins.get().granted = Set.of(Jenkins.ADMINISTER);
        IdentityDescriptor form = new Identity.DescriptorImpl();
        assertEquals(FormValidation.Kind.OK, form.doCheckAgentsBy("names").kind);
        FormValidation any = form.doCheckAgentsBy("any");
        assertEquals(FormValidation.Kind.WARNING, any.kind);
        assertTrue(any.getMessage().contains("anyone who controls an agent on which an allowed job runs"), any.getMessage());
        assertEquals(FormValidation.Kind.WARNING, form.doCheckAgentsBy("label").kind);
    }
}
