// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Computer;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.model.Item;
import hudson.security.Permission;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.step.MachineIdBuildWrapper;
import io.jenkins.plugins.machineid.step.MachineIdStep;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Two clusters, three identities, a job and an agent, and the forms with drop-downs. */
abstract class Choices {
    final FakeAgent agent = new FakeAgent("a1", null);
    final Item job = new FakeRun("team-a/app", "x#1").getParent();
    final MachineIdStep.DescriptorImpl step = new MachineIdStep.DescriptorImpl();
    final MachineIdBuildWrapper.DescriptorImpl wrapper = new MachineIdBuildWrapper.DescriptorImpl();
    final Binding.DescriptorImpl binding = new Binding.DescriptorImpl();
    final StandingDestination.DescriptorImpl standing = new StandingDestination.DescriptorImpl();
    final MachineIdNodeProperty.DescriptorImpl property = new MachineIdNodeProperty.DescriptorImpl();

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

    static void may(Permission... permissions) {
        Jenkins.get().granted = Set.of(permissions);
    }

    List<String> bindings(Computer computer, String current) {
        return binding.doFillIdentityItems(computer, current).ids();
    }
}
