// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hudson.model.Computer;
import hudson.model.FakeRun;
import hudson.model.Item;
import hudson.util.FormValidation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** To whom drop-downs offer what. */
class ChoicesAttackTest extends Choices {
    @Test
    void a16WhoMayNotConfigureTheJobIsToldOfNoIdentity() {
        may(Computer.CONFIGURE, Computer.CREATE);
        assertEquals(List.of(""), step.doFillIdentityItems(job, "").ids());
        assertEquals(List.of("", "mine"), step.doFillIdentityItems(job, "mine").ids());
        assertEquals(List.of(""), wrapper.doFillIdentityItems(job, null).ids());
        assertEquals(List.of(""), step.doFillIdentityItems(null, "").ids());
        may(Item.CONFIGURE);
        assertEquals(List.of("", "api", "pods"), step.doFillIdentityItems(job, "").ids());
        // Not those of all jobs, without one.
        assertEquals(List.of(""), step.doFillIdentityItems(null, "").ids());
        Item foreign = new FakeRun("team-c/app", "y#1").getParent();
        assertEquals(List.of(""), wrapper.doFillIdentityItems(foreign, "").ids());
    }

    @Test
    void a16AnAgentsConfigurerIsToldOfNoOtherAgentsIdentities() {
        agent.configurable = true;
        may(Computer.CONFIGURE);
        assertEquals(List.of("", "api", "pods"), bindings(agent.computer(), ""));
        // Nor by asking for one after the other.
        assertEquals(FormValidation.Kind.OK, binding.doCheckIdentity(agent.computer(), "other").kind);
        assertEquals(FormValidation.Kind.OK, binding.doCheckIdentity(agent.computer(), "gone").kind);
        may();
        agent.configurable = false;
        assertEquals(List.of(""), bindings(agent.computer(), ""));
        assertEquals(List.of("", "api"), standing.doFillIdentityItems(agent.computer(), "api").ids());
        assertEquals(List.of(""), property.doFillDefaultIdentityItems(agent.computer(), "").ids());
        may(Computer.CREATE);
        assertEquals(List.of("", "mine"), bindings(null, "mine"));
        // Who may make agents isn't who may configure this one.
        assertEquals(List.of(""), bindings(agent.computer(), ""));
        assertEquals(List.of(""), standing.doFillIdentityItems(agent.computer(), "").ids());
        assertEquals(List.of(""), property.doFillDefaultIdentityItems(agent.computer(), "").ids());
        assertEquals(FormValidation.Kind.OK, binding.doCheckIdentity(agent.computer(), "api").kind);
    }
}
