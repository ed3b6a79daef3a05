// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hudson.model.Computer;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.model.Item;
import hudson.security.Permission;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.step.MachineIdBuildWrapper;
import io.jenkins.plugins.machineid.step.MachineIdStep;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What drop-downs offer, and to whom. */
class ChoicesAttackTest {
    private final FakeAgent agent = new FakeAgent("a1", null);
    private final Item job = new FakeRun("team-a/app", "x#1").getParent();
    private final MachineIdStep.DescriptorImpl step = new MachineIdStep.DescriptorImpl();
    private final MachineIdBuildWrapper.DescriptorImpl wrapper = new MachineIdBuildWrapper.DescriptorImpl();
    private final Binding.DescriptorImpl binding = new Binding.DescriptorImpl();
    private final StandingDestination.DescriptorImpl standing = new StandingDestination.DescriptorImpl();
    private final MachineIdNodeProperty.DescriptorImpl property = new MachineIdNodeProperty.DescriptorImpl();

    private static Identity identity(String id, String jobs, String agents) {
        Identity identity = new Identity(id, "main");
        identity.setAllowedJobs(List.of(jobs));
        identity.setAllowedAgents(List.of(agents));
        return identity;
    }

    @BeforeEach
    void configure() {
        Identity pods = identity("pods", "team-a/app", "nobody");
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("t");
        pods.setJoin(join);
        pods.setAgentsBy("any");
        MachineIdConfiguration.get().replace(
                List.of(new Cluster("main", "teleport.example.com"), new Cluster("second", "second.example.com")),
                List.of(identity("api", "team-a/**", "a*"), identity("other", "team-b/**", "b1"), pods));
    }

    @AfterEach
    void forget() {
        Jenkins.get().granted = null;
        MachineIdConfiguration.get().replace(List.of(), List.of());
        agent.delete();
    }

    private static void may(Permission... permissions) {
        Jenkins.get().granted = Set.of(permissions);
    }

    private List<String> bindings(Computer computer, String current) {
        return binding.doFillIdentityItems(computer, current).ids();
    }

    @Test
    void an_identity_is_given_one_of_the_clusters() {
        Identity.DescriptorImpl form = new Identity.DescriptorImpl();
        may(Jenkins.ADMINISTER);
        assertEquals(List.of("", "main", "second"), form.doFillClusterItems("").ids());
        assertEquals(List.of("", "main", "second", "gone"), form.doFillClusterItems("gone").ids());
        assertEquals(FormValidation.Kind.ERROR, form.doCheckCluster("gone").kind);
        assertEquals(FormValidation.Kind.ERROR, form.doCheckCluster("").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster("main").kind);
        may(Computer.CONFIGURE, Computer.CREATE, Item.CONFIGURE);
        assertThrows(SecurityException.class, () -> form.doFillClusterItems("main"));
    }

    @Test
    void a_job_is_offered_what_allows_it_and_keeps_what_is_gone() {
        may(Jenkins.ADMINISTER);
        assertEquals(List.of("", "api", "pods"), step.doFillIdentityItems(job, "").ids());
        assertEquals(List.of("", "api", "pods", "gone"), wrapper.doFillIdentityItems(job, "gone").ids());
        assertEquals(FormValidation.Kind.ERROR, step.doCheckIdentity(job, "gone").kind);
        assertEquals(FormValidation.Kind.ERROR, step.doCheckIdentity(job, "other").kind);
        // The snippet generator outside of a job.
        assertEquals(List.of("", "api", "other", "pods"), step.doFillIdentityItems(null, null).ids());
    }

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
    void an_agent_is_offered_what_the_policy_would_allow_there() {
        may(Jenkins.ADMINISTER);
        assertEquals(List.of("", "api", "pods"), bindings(agent.computer(), ""));
        assertEquals(List.of("", "api", "pods", "other"), bindings(agent.computer(), "other"));
        assertEquals(List.of("", "api", "pods"), property.doFillDefaultIdentityItems(agent.computer(), "").ids());
        // It belongs to no build.
        assertEquals(List.of("", "api"), standing.doFillIdentityItems(agent.computer(), "").ids());
        assertEquals(List.of("", "api", "other", "pods"), bindings(null, null));
        assertEquals(FormValidation.Kind.ERROR, binding.doCheckIdentity("gone").kind);
        assertEquals(FormValidation.Kind.ERROR, binding.doCheckIdentity("").kind);
        assertEquals(FormValidation.Kind.ERROR, property.doCheckDefaultIdentity("gone").kind);
        assertEquals(FormValidation.Kind.OK, property.doCheckDefaultIdentity("").kind);
        assertEquals(FormValidation.Kind.ERROR, standing.doCheckIdentity("gone").kind);
        assertEquals(FormValidation.Kind.ERROR, standing.doCheckIdentity("pods").kind);
    }

    @Test
    void a16AnAgentsConfigurerIsToldOfNoOtherAgentsIdentities() {
        agent.configurable = true;
        may(Computer.CONFIGURE);
        assertEquals(List.of("", "api", "pods"), bindings(agent.computer(), ""));
        // Nor by asking for one after the other.
        assertEquals(FormValidation.Kind.OK, binding.doCheckIdentity("other").kind);
        assertEquals(FormValidation.Kind.OK, binding.doCheckIdentity("gone").kind);
        may();
        agent.configurable = false;
        assertThrows(SecurityException.class, () -> bindings(agent.computer(), ""));
        assertThrows(SecurityException.class, () -> standing.doFillIdentityItems(agent.computer(), ""));
        assertThrows(SecurityException.class, () -> property.doFillDefaultIdentityItems(agent.computer(), ""));
        may(Computer.CREATE);
        assertEquals(List.of("", "mine"), bindings(null, "mine"));
    }
}
