// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hudson.model.Computer;
import hudson.model.FakeAgent;
import hudson.security.Permission;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whoever only looks at a form gets no answer and no page of a refusal; nothing is run for them. */
class FormAccessTest {
    private int ran;

    @AfterEach
    void nobody() {
        Jenkins.get().granted = null;
    }

    private static void may(Permission... permissions) {
        Jenkins.get().granted = Set.of(permissions);
    }

    private FormValidation rule() {
        ran++;
        return FormValidation.error("no");
    }

    private ListBoxModel list() {
        ran++;
        return Choices.of("none", List.of("a", "b"), "a");
    }

    private void answers(boolean yes, Supplier<FormAccess> access) {
        ran = 0;
        assertEquals(yes ? FormValidation.Kind.ERROR : FormValidation.Kind.OK, access.get().check(this::rule).kind);
        assertEquals(yes ? List.of("", "a", "b") : List.of("", "a"), access.get().fill("none", "a", this::list).ids());
        assertEquals(yes ? FormValidation.Kind.ERROR : FormValidation.Kind.WARNING, access.get().test(this::rule).kind);
        assertEquals(yes ? 3 : 0, ran);
    }

    @Test
    void an_administrators_form() {
        may(Jenkins.ADMINISTER);
        answers(true, FormAccess::administrator);
        may();
        answers(false, FormAccess::administrator);
    }

    @Test
    void an_agents_form() {
        FakeAgent agent = new FakeAgent("looked-at", null);
        try {
            may();
            answers(false, () -> FormAccess.configurer(agent.computer()));
            answers(false, () -> FormAccess.configurer((Computer) null));
            may(Computer.CREATE);
            answers(false, () -> FormAccess.configurer(agent.computer()));
            may();
            agent.configurable = true;
            answers(true, () -> FormAccess.configurer(agent.computer()));
            may(Computer.CREATE);
            answers(true, () -> FormAccess.configurer((Computer) null));
        } finally {
            agent.delete();
        }
    }
}
