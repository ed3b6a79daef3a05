// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Computer;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.util.List;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.Test;

/** What drop-downs offer. */
class ChoicesTest extends Choices {
    @Test
    void an_identity_is_given_one_of_the_clusters() {
        Identity.DescriptorImpl form = new Identity.DescriptorImpl();
        may(Jenkins.ADMINISTER);
        assertEquals(List.of("", "main", "second"), form.doFillClusterItems("").ids());
        assertEquals(List.of("", "main", "second", "gone"), form.doFillClusterItems("gone").ids());
        assertEquals(FormValidation.Kind.ERROR, form.doCheckCluster("gone", "api", "").kind);
        assertEquals(FormValidation.Kind.ERROR, form.doCheckCluster("", "api", null).kind);
        assertTrue(form.doCheckCluster("", "api", null).getMessage().contains("'api' names no cluster"));
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster("main", "api", null).kind);
        // One that stands in the same form, and is saved with it.
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster("new", "api", "main\nnew").kind);
        assertEquals(FormValidation.Kind.ERROR, form.doCheckCluster("ne", "api", "main\nnew").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster("", "", null).kind);
        may(Computer.CONFIGURE, Computer.CREATE, Item.CONFIGURE);
        assertEquals(List.of("", "main"), form.doFillClusterItems("main").ids());
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster("gone", "api", "").kind);
    }

    @Test
    void a_test_before_the_first_save_says_what_is_to_be_saved() {
        Identity.DescriptorImpl form = new Identity.DescriptorImpl();
        may(Jenkins.ADMINISTER);
        String cluster = form.doTestConnection("fresh", "new", "", "any", "", false).getMessage();
        assertTrue(cluster.contains("'new' isn't saved yet: press Apply"), cluster);
        String identity = form.doTestConnection("fresh", "main", "", "any", "", false).getMessage();
        assertTrue(identity.contains("'fresh' isn't saved yet: press Apply"), identity);
        String none = form.doTestConnection("fresh", "", "", "any", "", false).getMessage();
        assertTrue(none.contains("'fresh' names no cluster"), none);
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
    void a_block_is_offered_nothing_that_is_stated_of_agents() {
        may(Jenkins.ADMINISTER);
        Identity agents = new Identity("agents", "main");
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("t");
        join.setScope("agent");
        agents.setJoin(join);
        agents.setAllowedJobs(List.of("team-a/**"));
        agents.setAllowedAgents(List.of("a*"));
        MachineIdConfiguration.get().setIdentities(List.of(agents));
        assertEquals(List.of(""), step.doFillIdentityItems(job, "").ids());
        assertEquals(List.of(""), step.doFillIdentityItems(null, "").ids());
        FormValidation form = wrapper.doCheckIdentity(job, "agents");
        assertEquals(FormValidation.Kind.ERROR, form.kind);
        assertTrue(form.getMessage().contains("scope agent"), form.getMessage());
        assertEquals(List.of("", "agents"), standing.doFillIdentityItems(agent.computer(), "").ids());
        assertEquals(FormValidation.Kind.OK, standing.doCheckIdentity(agent.computer(), "agents").kind);
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
        assertEquals(FormValidation.Kind.ERROR, binding.doCheckIdentity(agent.computer(), "gone").kind);
        assertEquals(FormValidation.Kind.OK, binding.doCheckIdentity(agent.computer(), "").kind);
        assertEquals(FormValidation.Kind.ERROR, property.doCheckDefaultIdentity(agent.computer(), "gone").kind);
        assertEquals(FormValidation.Kind.OK, property.doCheckDefaultIdentity(agent.computer(), "").kind);
        assertEquals(FormValidation.Kind.ERROR, standing.doCheckIdentity(agent.computer(), "gone").kind);
        assertEquals(FormValidation.Kind.ERROR, standing.doCheckIdentity(agent.computer(), "pods").kind);
    }
}
