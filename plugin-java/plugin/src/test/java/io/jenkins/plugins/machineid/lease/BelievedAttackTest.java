// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.FakeFolder;
import hudson.model.FakeAgent;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.folder.FolderIdentity;
import io.jenkins.plugins.machineid.folder.Folders;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import io.jenkins.plugins.machineid.report.IdentityReport;
import io.jenkins.plugins.machineid.report.LeaseReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An agent tells of identities that it may not use. */
class BelievedAttackTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    private final FakeAgent agent = new FakeAgent("a15-believed", new FakeChannel(task -> FakeChannel.SILENCE));

    private static AgentReport report(String agent, String... ids) {
        List<IdentityReport> identities = new ArrayList<>();
        List<LeaseReport> leases = new ArrayList<>();
        for (String id : ids) {
            identities.add(new IdentityReport(
                    id, "locked", "", "", NOW, 1, true, "", "token", false, "kept", null, true, false, null, null));
            leases.add(new LeaseReport("l-" + id, id, NOW, false, true, ""));
        }
        return new AgentReport(
                agent, AgentReport.Library.USED, "", "", "0.1.0", "linux-x86_64", null, identities, leases, null, NOW, NOW, null);
    }

    private List<String> believed(String... ids) {
        AgentReports.get().heard("a15-believed", report("a15-believed", ids));
        Believed believed = Believed.now("a15-believed");
        AgentReport left = believed.reports().get("a15-believed");
        assertEquals(left.identities().size(), left.leases().size());
        assertEquals(ids.length - left.identities().size(), believed.dropped());
        return left.identities().stream().map(identity -> believed.named(identity).name()).toList();
    }

    @AfterEach
    void forget() {
        agent.delete();
        AgentReports.get().forget("a15-believed");
        Jenkins.get().jobs = List.of();
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of());
        Believed.lookAtFolders();
    }

    @Test
    void a15AnAgentSpeaksOfWhatItMayUseAlone() {
        Folders.allow();
        Identity mine = new Identity("mine", "main");
        mine.setAllowedAgents(List.of("a15-*"));
        Identity others = new Identity("others", "main");
        others.setAllowedAgents(List.of("b-*"));
        MachineIdConfiguration.get().setIdentities(List.of(mine, others));
        assertEquals(List.of("mine"), believed("mine", "others", "made-up"));
        // Its own configuration narrows it further.
        MachineIdNodeProperty property = new MachineIdNodeProperty();
        property.setIdentities(List.of(new Binding("others")));
        agent.property = property;
        assertEquals(List.of(), believed("mine", "others"));
        agent.property = null;
        agent.delete();
        assertEquals(List.of(), believed("mine"));
    }

    @Test
    void a15AFoldersIdentityIsKnownByItsNameAndNotOnABoundAgent() {
        Folders.allow("team-b");
        FolderIdentity defined = new FolderIdentity("api", "main");
        defined.setTokenName("jenkins-team-b");
        FakeFolder folder = Folders.folder("team-b", defined);
        Jenkins.get().jobs = List.of(folder);
        String plain = IdentityName.plain("team-b/api");
        Believed.lookAtFolders();
        assertEquals(List.of("team-b/api"), believed(plain, "team-b/api", "api"));
        agent.property = new MachineIdNodeProperty();
        assertEquals(List.of(), believed(plain));
    }

    @Test
    void a15WhatIsLeftOutIsCountedAndSaidOnceWhenItGoesOn() {
        List<String> log = new ArrayList<>();
        long[] now = new long[1];
        DroppedClaims claims = new DroppedClaims(log::add, () -> now[0]);
        Map<String, AgentReport> said = Map.of("a", report("a", "mine", "theirs"));
        Map<String, AgentReport> left = Map.of("a", report("a", "mine"));
        for (int minute = 0; minute < 60; minute++) {
            claims.counted(said, left, 1);
            assertEquals(minute < 3 ? 0 : 1, log.size(), "minute " + minute);
            now[0] += 60_000_000_000L;
        }
        assertTrue(log.get(0).contains("agent a tells of 1 identities that it may not use, 'theirs' among them"), log.get(0));
        // A moment of it, as when an identity is taken from an agent, is nothing.
        claims.counted(said, said, 0);
        claims.counted(said, left, 1);
        assertEquals(1, log.size());
    }
}
