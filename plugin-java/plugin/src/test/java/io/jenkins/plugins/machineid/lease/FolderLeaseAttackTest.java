// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.FakeFolder;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.FakeCredentials;
import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.IdentityName;
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.folder.FolderIdentity;
import io.jenkins.plugins.machineid.folder.Folders;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Leases of identities that folders define. */
class FolderLeaseAttackTest {
    private static final String NAME = "team-b/api";

    private final Answers.Box box = new Answers.Box();
    private final List<JSONObject> statements = new CopyOnWriteArrayList<>();
    private final FakeAgent agent = new FakeAgent("a-folder-lease", new FakeChannel(this::answer));
    private final FakeFolder folder = Folders.folder("team-b", identity());
    private final FakeRun run = Folders.run(folder, "deploy");

    private static FolderIdentity identity() {
        FolderIdentity identity = new FolderIdentity("api", "main");
        identity.setForm("gitlab");
        identity.setTokenName("jenkins-api");
        identity.setRoles(List.of(Blocks.ROLE));
        return identity;
    }

    private Object answer(Object task) {
        if (task instanceof KeyTask) {
            return box.key();
        }
        if (!(task instanceof AcquireTask acquire)) {
            return Answers.of(Blocks.ok(new JSONObject().put("released", true).put("directory", "removed")));
        }
        String payload = box.statement(acquire).split("\\.")[1];
        statements.add(new JSONObject(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8)));
        return Answers.of(Blocks.ok(Blocks.acquired(Blocks.certificate())));
    }

    @BeforeEach
    void allow() {
        Folders.allow("team-b");
    }

    @AfterEach
    void forbid() {
        agent.delete();
        ActiveLeases.get().dropGone();
        Folders.allow();
    }

    private Blocks.Block taken() throws Exception {
        Blocks.Block block = new Blocks.Block(agent, run, NAME, List.of(Blocks.ROLE));
        block.session.acquire(run, block.listener(), false);
        return block;
    }

    @Test
    void a26TheStatementNamesTheFoldersJobAndTheFoldersIdentity() throws Exception {
        Blocks.Block block = taken();
        JSONObject claims = statements.get(0);
        assertEquals("team-b/deploy", claims.getString("project_path"));
        assertEquals("team-b", claims.getString("namespace_path"));
        assertEquals(NAME, claims.getString("environment"));
        assertEquals("teleport.example.com", claims.getString("aud"));
        block.session.releaseNow(run);
    }

    /** The library takes no slash, and an engine of another identity must not be taken for this one. */
    @Test
    void theLibraryKnowsItByANameOfItsOwn() throws Exception {
        LeaseRequest request = new LeaseRequest(
                new Grant(NAME, List.of(), 60),
                new LeaseOptions("api", null, null, null, null, null, null));
        String json = new String(request.json("l", "/d", false, "agent"), StandardCharsets.UTF_8);
        assertEquals(IdentityName.plain(NAME), new JSONObject(json).getString("identity"));
        try (EngineConfig config = NodeLookup.engineConfig(
                FolderIdentities.settings(run), agent.computer(), NAME)) {
            JSONObject entry = new JSONObject(new String(config.bytes(), StandardCharsets.UTF_8))
                    .getJSONArray("identities")
                    .getJSONObject(0);
            assertEquals(IdentityName.plain(NAME), entry.getString("id"));
            assertEquals("jenkins-api", entry.getJSONObject("join").getString("token"));
        }
    }

    private void ends(Blocks.Block block, String code) throws Exception {
        ActiveLeases.get().recheck();
        AbortException why = block.refusal.get(20, TimeUnit.SECONDS);
        assertTrue(why.getMessage().contains(code), why.getMessage());
    }

    @Test
    void a26WhenTheClusterNoLongerLetsTheFolderItsBlocksEnd() throws Exception {
        Blocks.Block block = taken();
        Folders.allow("team-a");
        ends(block, "[policy_folder]");
        assertThrows(AbortException.class, () -> block.session.acquire(run, block.listener(), true));
        assertEquals(1, statements.size());
    }

    @Test
    void a26WhenTheFolderNoLongerDefinesItItsBlocksEnd() throws Exception {
        Blocks.Block block = taken();
        folder.set(Folders.property());
        ends(block, "[policy_job]");
    }

    @Test
    void a26AJobThatIsMovedTakesNothingWithIt() throws Exception {
        Blocks.Block block = taken();
        run.in(Folders.folder("team-a"));
        ends(block, "[policy_job]");
    }

    @Test
    void a26AnAdministratorsIdThatComesLaterEndsTheFolders() throws Exception {
        Blocks.Block block = taken();
        Folders.administrator("api", "jenkins-api", "**");
        ends(block, "[policy_identity_twice]");
        assertThrows(AbortException.class, () -> block.session.acquire(run, block.listener(), true));
        assertEquals(1, statements.size());
    }

    /** A folder's identity has no field for a secret; what is sent for it asks no provider. */
    @Test
    void a26NoCredentialIsReadForIt() throws Exception {
        FakeCredentials.store(FakeCredentials.text("jenkins-api", "the-token-of-all"));
        Blocks.Block block = taken();
        assertEquals(0, CredentialsProvider.ASKED.get());
        block.session.releaseNow(run);
    }
}
