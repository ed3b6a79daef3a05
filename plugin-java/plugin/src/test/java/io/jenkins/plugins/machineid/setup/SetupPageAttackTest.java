// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hudson.model.Computer;
import hudson.model.FakeAgent;
import hudson.model.Item;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who may have something signed, or an agent asked, by the page. */
class SetupPageAttackTest {
    private final FakeChannel channel = new FakeChannel(task -> FakeChannel.SILENCE);
    private final FakeAgent agent = new FakeAgent("a-page", channel);
    private final SetupPage page = new SetupPage();

    @BeforeEach
    void configure() {
        agent.online = true;
        Identity identity = new Identity("api", "page");
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("t");
        identity.setJoin(join);
        identity.setAllowedJobs(List.of("**"));
        identity.setAllowedAgents(List.of("a-page"));
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("page", "page.example.com")));
        MachineIdConfiguration.get().setIdentities(List.of(identity));
    }

    @AfterEach
    void forget() {
        Jenkins.get().granted = null;
        agent.delete();
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of());
    }

    @Test
    void a02NobodyButAnAdministratorTriesAJoin() {
        agent.configurable = true;
        Jenkins.get().granted = Set.of(Item.CONFIGURE, Computer.CONFIGURE, Computer.CREATE);
        assertThrows(SecurityException.class, () -> page.doTry("api", "mine", "a-page"));
        assertThrows(SecurityException.class, () -> page.doTry("gone", "mine", ""));
        assertThrows(SecurityException.class, () -> page.doLook("api"));
        assertThrows(SecurityException.class, page::getTarget);
        assertEquals(0, channel.tasks.size());
    }
}
