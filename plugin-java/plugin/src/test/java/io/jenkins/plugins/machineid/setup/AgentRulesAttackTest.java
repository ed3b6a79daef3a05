// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeAgent;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Judged;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.util.List;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.Test;

/** Who would get into the rules by the name of an agent. */
class AgentRulesAttackTest {
    /** The token resource is to name no agent that somebody else than an administrator has called so. */
    @Test
    void a05AnAgentThatTookANameIsInNoRule() {
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        join.setScope("agent");
        Identity identity = new Identity("api", "prod");
        identity.setJoin(join);
        identity.setAllowedAgents(List.of("rules-*"));
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("prod", "teleport.example.com")));
        MachineIdConfiguration.get().setIdentities(List.of(identity));
        FakeAgent honest = new FakeAgent("rules-1", null);
        FakeAgent renamed = new FakeAgent("rules-2", null);
        try {
            Judged.named(renamed, false);
            String yaml = IdentitySetup.of(Plans.of(MachineIdConfiguration.get().settings()), identity).getYaml();
            assertTrue(yaml.contains("%agent:rules-1@api") && !yaml.contains("rules-2"), yaml);
        } finally {
            honest.delete();
            renamed.delete();
            Judged.deleted(renamed);
            MachineIdConfiguration.get().setIdentities(List.of());
            MachineIdConfiguration.get().setClusters(List.of());
        }
        assertNull(Jenkins.get().getNode("rules-2"));
    }
}
