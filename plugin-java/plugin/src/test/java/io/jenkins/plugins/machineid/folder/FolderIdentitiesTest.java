// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.FakeFolder;
import hudson.model.FakeRun;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.access.AgentRule;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FolderIdentitiesTest {
    private final FakeFolder team = Folders.folder("team-b", new FolderIdentity("api", "main"));

    @BeforeEach
    void allow() {
        Folders.allow("team-b", "team-b/**");
    }

    @AfterEach
    void forbid() {
        Folders.allow();
        jenkins.model.Jenkins.get().jobs = List.of();
    }

    private static void set(Object target, String field, Object value) throws ReflectiveOperationException {
        Field found = target.getClass().getDeclaredField(field);
        found.setAccessible(true);
        found.set(target, value);
    }

    private static String fault(FakeFolder folder) {
        List<Defined> all = Defined.in(
                folder.getFullName(),
                folder.getProperties().get(FolderIdentitiesProperty.class).getIdentities(),
                MachineIdConfiguration.get().settings());
        assertEquals(1, all.size());
        return all.get(0).fault();
    }

    @Test
    void a_job_below_sees_the_folders_identity_and_others_do_not() {
        Settings seen = FolderIdentities.settings(Folders.run(team, "x"));
        Identity identity = seen.identity("team-b/api");
        assertEquals("main", identity.getCluster());
        assertEquals(List.of("team-b/**"), identity.getAllowedJobs());
        assertEquals(AgentRule.By.ANY, identity.rule().agents().by());
        assertFalse(identity.isBuiltInNodeAllowed());
        assertEquals(
                IdentityName.plain("team-b/api"), ((JenkinsJoin) identity.getJoin()).getTokenName());
        FakeRun elsewhere = Folders.run(Folders.folder("team-a"), "x");
        assertSame(MachineIdConfiguration.get().settings(), FolderIdentities.settings(elsewhere));
    }

    @Test
    void it_is_there_for_jobs_at_any_depth_and_gone_when_the_job_is_moved() {
        FakeFolder inner = Folders.below(team, "team-b/inner");
        FakeRun run = Folders.run(inner, "x");
        assertNotNull(FolderIdentities.settings(run).identity("team-b/api"));
        run.in(Folders.folder("team-a"));
        assertNull(FolderIdentities.settings(run).identity("team-b/api"));
    }

    @Test
    void jobs_are_named_as_seen_from_the_folder() {
        FolderIdentity identity = new FolderIdentity("api", "main");
        identity.setAllowedJobs(List.of("app/main", "lib-*"));
        Settings seen = FolderIdentities.settings(Folders.run(Folders.folder("team-b", identity), "x"));
        assertTrue(seen.policy().allows("api", "team-b/app/main"));
        assertTrue(seen.policy().allows("api", "team-b/lib-1"));
        assertFalse(seen.policy().allows("api", "team-b/app/PR-1"));
        assertFalse(seen.policy().allows("api", "app/main"));
    }

    @Test
    void nothing_counts_unless_the_cluster_lets_the_folder() {
        FakeFolder other = Folders.folder("team-b", new FolderIdentity("api", "other"));
        assertTrue(fault(other).contains("'other'"), fault(other));
        FakeFolder gone = Folders.folder("team-b", new FolderIdentity("api", "gone"));
        // One sentence: which clusters there are isn't theirs to find out.
        assertEquals(fault(other).replace("other", "gone"), fault(gone));
        assertNull(FolderIdentities.settings(Folders.run(other, "x")).identity("team-b/api"));
        FakeFolder outside = Folders.folder("team-c", new FolderIdentity("api", "main"));
        assertNull(FolderIdentities.settings(Folders.run(outside, "x")).identity("team-c/api"));
        Folders.allow();
        assertNull(FolderIdentities.settings(Folders.run(team, "x")).identity("team-b/api"));
    }

    @Test
    void two_of_one_id_are_none() {
        FakeFolder folder =
                Folders.folder("team-b", new FolderIdentity("api", "main"), new FolderIdentity("api", "main"));
        assertTrue(fault(folder).contains("twice"), fault(folder));
    }

    @Test
    void saving_refuses_what_could_not_be_used() {
        Folders.property(new FolderIdentity("api", "main")).check("team-b");
        for (FolderIdentity wrong : List.of(new FolderIdentity("api", "other"), new FolderIdentity("api", "gone"))) {
            assertThrows(IllegalArgumentException.class, () -> Folders.property(wrong).check("team-b"));
        }
        Folders.administrator("api", "t", "team-a/**");
        IllegalArgumentException told = assertThrows(
                IllegalArgumentException.class,
                () -> Folders.property(new FolderIdentity("api", "main")).check("team-b"));
        assertTrue(told.getMessage().contains("an administrator both define an identity 'api'"), told.getMessage());
    }

    /** As a config.xml brings it, which no form has looked at. */
    @Test
    void what_a_config_xml_holds_is_looked_at_when_it_is_used() throws ReflectiveOperationException {
        FolderIdentity hostile = new FolderIdentity("api", "main");
        set(hostile, "id", "../api");
        assertTrue(fault(Folders.folder("team-b", hostile)).contains("team-b"));
        hostile = new FolderIdentity("api", "main");
        set(hostile, "maxTtl", "1000d");
        assertTrue(fault(Folders.folder("team-b", hostile)).contains("1000d"));
        hostile = new FolderIdentity("api", "main");
        set(hostile, "roles", new ArrayList<>(Arrays.asList("a", null)));
        assertNotNull(fault(Folders.folder("team-b", hostile)));
        hostile = new FolderIdentity("api", "main");
        set(hostile, "allowedJobs", new ArrayList<Object>(List.of(7)));
        assertNotNull(fault(Folders.folder("team-b", hostile)));
        FolderIdentitiesProperty property = Folders.property();
        set(hostile, "id", null);
        set(property, "identities", new ArrayList<Object>(Arrays.asList(null, "text", hostile)));
        property.readResolve();
        assertEquals(List.of(), property.getIdentities());
    }

    /** Who sent it has to be able to mend it: the folder's own form shows what it can, and nothing becomes "all". */
    @Test
    void what_a_config_xml_holds_does_not_break_the_folders_form() throws ReflectiveOperationException {
        FolderIdentity odd = new FolderIdentity("api", "main");
        set(odd, "roles", new ArrayList<>(Arrays.asList("a", null, 7)));
        set(odd, "allowedJobs", new ArrayList<Object>(List.of(List.of("x"))));
        set(odd, "cluster", null);
        FolderIdentitiesProperty property = Folders.property();
        set(property, "identities", new ArrayList<>(List.of(odd)));
        property.readResolve();
        FolderIdentity shown = property.getIdentities().get(0);
        assertEquals("a, ?, ?", shown.getRolesText());
        assertEquals("?", shown.getAllowedJobsText());
        assertEquals("", shown.getCluster());
        assertEquals("kubernetes", shown.getForm());
        FakeFolder folder = new FakeFolder(jenkins.model.Jenkins.get(), "team-b").set(property);
        assertNotNull(fault(folder));
        // It is at fault, and doesn't make way for the one of the folder around it.
        FakeFolder inner = Folders.below(team, "team-b/inner").set(property);
        FakeRun run = Folders.run(inner, "x");
        assertFalse(FolderIdentities.settings(run).policy().allows("api", "team-b/inner/x"));
        assertTrue(FolderIdentities.settings(run).policy().allows("team-b/api", "team-b/inner/x"));
    }

    @Test
    void a_folder_that_no_cluster_lets_has_no_form() {
        FolderIdentitiesProperty.DescriptorImpl form = new FolderIdentitiesProperty.DescriptorImpl();
        assertTrue(form.isOpenTo(team));
        assertFalse(form.isOpenTo(Folders.folder("team-c")));
        Folders.allow();
        assertFalse(form.isOpenTo(team));
    }

    @Test
    void forms_are_for_who_may_configure_the_folder() {
        FolderIdentity.DescriptorImpl form = new FolderIdentity.DescriptorImpl();
        assertEquals(List.of("main"), form.doFillClusterItems(team, "").ids());
        assertEquals(List.of("gone", "main"), form.doFillClusterItems(team, "gone").ids());
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster(team, "main", "api").kind);
        assertEquals(FormValidation.Kind.ERROR, form.doCheckCluster(team, "other", "api").kind);
        Folders.administrator("web", "t", "**");
        assertEquals(FormValidation.Kind.ERROR, form.doCheckId(team, "web", "main").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckId(team, "own", "main").kind);
        // Nothing is there yet: only what no folder's owner can do anything about is told.
        assertEquals(FormValidation.Kind.OK, form.doCheckId(team, "", "").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster(team, "", "").kind);
        assertEquals(FormValidation.Kind.WARNING, form.doCheckCluster(Folders.folder("team-c"), "", "").kind);
        // Ids of administrators aren't told where nothing may be defined anyway.
        assertEquals(FormValidation.Kind.OK, form.doCheckId(Folders.folder("team-c"), "web", "main").kind);
        team.configurable = false;
        assertEquals(List.of("", "main"), form.doFillClusterItems(team, "main").ids());
        assertEquals(FormValidation.Kind.OK, form.doCheckCluster(team, "gone", "api").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckId(team, "web", "main").kind);
        assertEquals("", form.doCheckRoles(team, "").getMessage());
        assertEquals(FormValidation.Kind.OK, form.doCheckTokenName(team, "a b").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckMaxTtl(team, "soon").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckAllowedJobs(team, "/x").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckForm(team, "kubernetes", "main").kind);
    }

    @Test
    void an_administrators_page_finds_all_of_them() {
        FakeFolder forbidden = Folders.folder("team-c", new FolderIdentity("api", "main"));
        jenkins.model.Jenkins.get().jobs = List.of(team, forbidden);
        List<Defined> all = FolderIdentities.everywhere(MachineIdConfiguration.get().settings());
        assertEquals(List.of("team-b/api", "team-c/api"), all.stream().map(Defined::name).toList());
        assertNull(all.get(0).fault());
        assertNotNull(all.get(1).fault());
        assertTrue(FolderIdentities.mayConfigure("team-b"));
        team.configurable = false;
        assertFalse(FolderIdentities.mayConfigure("team-b"));
        assertFalse(FolderIdentities.mayConfigure(""));
    }

    /** The policy's rounds ask for each block, on a few threads: a folder's owner must not make them last. */
    @Test
    void a_folder_can_not_grow_the_questions_without_end() throws ReflectiveOperationException {
        FolderIdentity[] many = new FolderIdentity[20_000];
        for (int n = 0; n < many.length; n++) {
            many[n] = new FolderIdentity("api" + n, "main");
        }
        FakeFolder folder = Folders.folder("team-b", many);
        assertTrue(fault(folder).contains("20,000"), fault(folder));
        FakeRun run = Folders.run(folder, "x");
        assertNull(FolderIdentities.settings(run).identity("team-b/api0"));
        FolderIdentity wide = new FolderIdentity("api", "main");
        ArrayList<String> patterns = new ArrayList<>();
        for (int n = 0; n < 20_000; n++) {
            patterns.add("*x*" + n);
        }
        set(wide, "allowedJobs", patterns);
        assertTrue(fault(Folders.folder("team-b", wide)).contains("20,000 characters"));
        set(wide, "allowedJobs", new ArrayList<>(patterns.subList(0, 200)));
        assertTrue(fault(Folders.folder("team-b", wide)).contains("200"));
    }
}
