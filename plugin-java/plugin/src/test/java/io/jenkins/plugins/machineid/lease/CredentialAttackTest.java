// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.FakeCredentials;
import hudson.AbortException;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.config.StandingDestination;
import io.jenkins.plugins.machineid.credential.CredentialTrouble;
import io.jenkins.plugins.machineid.issuer.IssuerConfiguration;
import io.jenkins.plugins.machineid.join.BoundKeypairJoin;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.KubernetesJoin;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.json.JSONObject;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Secrets that credentials hold: where they are sent, and where somebody would like them sent. */
class CredentialAttackTest {
    private static final String STORED = "the-root-key-of-everything";

    @BeforeEach
    void fill() {
        FakeCredentials.store(
                FakeCredentials.text("root-key", STORED),
                FakeCredentials.text("teleport-a1", "the-token-of-a1"),
                FakeCredentials.file("teleport/registration", "the-registration\n"));
    }

    @AfterEach
    void empty() {
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of());
        FakeCredentials.store();
    }

    private static Identity identity(JoinMethod join, String... agentCredentials) {
        Identity identity = new Identity("api", "main");
        identity.setJoin(join);
        identity.setAllowedAgents(List.of("a1"));
        identity.setAllowedJobs(List.of("**"));
        identity.setAgentCredentials(List.of(agentCredentials));
        return identity;
    }

    private static Settings settings(Identity identity) {
        MachineIdConfiguration configuration = MachineIdConfiguration.get();
        configuration.setClusters(List.of(new Cluster("main", "teleport.example.com")));
        configuration.setIdentities(List.of(identity));
        return configuration.settings();
    }

    private static NodeFacts a1() {
        return new NodeFacts("a1", "a1", false, true, label -> true, true, true, List.of("api"), "");
    }

    private static Binding bringing(String credentialsId) {
        Binding binding = new Binding("api");
        binding.setCredentialsId(credentialsId);
        return binding;
    }

    private static TokenJoin held(String credentialsId) {
        TokenJoin join = new TokenJoin();
        join.setCredentialsId(credentialsId);
        return join;
    }

    private static JSONObject sent(Settings settings, Binding binding) throws Exception {
        try (EngineConfig config = NodeLookup.engineConfig(settings, a1(), "api", binding)) {
            return new JSONObject(new String(config.bytes(), StandardCharsets.UTF_8))
                    .getJSONArray("identities").getJSONObject(0).getJSONObject("join");
        }
    }

    private static String key(Settings settings, Binding binding) throws Exception {
        try (EngineConfig config = NodeLookup.engineConfig(settings, a1(), "api", binding)) {
            return config.key();
        }
    }

    private static String refused(Settings settings, Binding binding) {
        return assertThrows(AbortException.class, () -> NodeLookup.engineConfig(settings, a1(), "api", binding)).getMessage();
    }

    /** Who may configure an agent that an identity names writes the id of somebody else's secret there. */
    @Test
    void a05AnAgentsConfigurerCanNotHaveAnyCredentialSent() throws Exception {
        for (Settings settings : List.of(
                settings(identity(new TokenJoin())),
                settings(identity(new TokenJoin(), "teleport-*")),
                settings(identity(new BoundKeypairJoin(), "root-key-of-another", "root", "*/root-key")))) {
            String told = refused(settings, bringing("root-key"));
            assertTrue(told.endsWith("[policy_credential]"), told);
            // Neither which one it was, nor whether there is one.
            assertFalse(told.contains("root-key"), told);
            assertEquals(told, refused(settings, bringing("no-such-credential")));
        }
        assertEquals(0, CredentialsProvider.ASKED.get(), "a provider was asked before the policy");
    }

    @Test
    void a05WhatTheIdentityNamesIsSentToItsAgentsAlone() throws Exception {
        Settings settings = settings(identity(new TokenJoin(), "teleport-*"));
        assertEquals("the-token-of-a1", sent(settings, bringing("teleport-a1")).getString("token"));
        int asked = CredentialsProvider.ASKED.get();
        for (NodeFacts other : List.of(
                new NodeFacts("mine", "mine", false, true, label -> true, true, true, List.of("api"), ""),
                new NodeFacts("a1", "a1", false, false, label -> true, true, true, List.of("api"), ""))) {
            String told = assertThrows(
                            AbortException.class,
                            () -> NodeLookup.engineConfig(settings, other, "api", bringing("teleport-a1")))
                    .getMessage();
            assertTrue(told.contains("[policy_node]"), told);
        }
        assertEquals(asked, CredentialsProvider.ASKED.get());
    }

    /** A method that takes no agent's token asks for none, whatever the agent names. */
    @Test
    void a05ACredentialForAMethodWithoutSecretIsNotRead() throws Exception {
        KubernetesJoin join = new KubernetesJoin();
        join.setTokenName("pods");
        assertEquals("pods", sent(settings(identity(join, "root-key")), bringing("root-key")).getString("token"));
        assertEquals(0, CredentialsProvider.ASKED.get());
    }

    /** In a config.xml both can stand: then no credential is read that wasn't named. */
    @Test
    void a05BothInAConfigXmlIsNoWayAroundEither() throws Exception {
        Binding both = bringing("root-key");
        both.setToken(hudson.util.Secret.fromString("mine"));
        assertEquals("mine", sent(settings(identity(new TokenJoin())), both).getString("token"));
        assertEquals(0, CredentialsProvider.ASKED.get());
    }

    @Test
    void identities_of_administrators_have_their_secrets_from_credentials() throws Exception {
        assertEquals("the-token-of-a1", sent(settings(identity(held("teleport-a1"))), null).getString("token"));
        BoundKeypairJoin join = new BoundKeypairJoin();
        join.setTokenName("bound");
        join.setRegistrationSecretCredentialsId("teleport/registration");
        Settings settings = settings(identity(join, "teleport-*"));
        assertEquals(
                Map.of("method", "bound_keypair", "token", "bound", "settings",
                        Map.of("registration_secret", "the-registration")),
                sent(settings, null).toMap());
        // An agent's own token doesn't come with the identity's secret.
        assertEquals(
                Map.of("method", "bound_keypair", "token", "the-token-of-a1"),
                sent(settings, bringing("teleport-a1")).toMap());
    }

    /** As an editor of Windows leaves it, too. */
    @Test
    void a_static_key_is_sent_whole_and_not_beside_an_agents_own_token() throws Exception {
        String pem = "-----BEGIN PRIVATE KEY-----\r\nAAAA+/==\nBBBB\n-----END PRIVATE KEY-----";
        FakeCredentials.store(
                FakeCredentials.file("bound/key", pem + "\r\n"), FakeCredentials.text("teleport-a1", "the-token-of-a1"));
        BoundKeypairJoin join = new BoundKeypairJoin();
        join.setTokenName("bound");
        join.setStaticKeyCredentialsId("bound/key");
        Settings settings = settings(identity(join, "teleport-*"));
        assertEquals(
                Map.of("method", "bound_keypair", "token", "bound", "settings", Map.of("static_key", pem)),
                sent(settings, null).toMap());
        assertEquals(
                Map.of("method", "bound_keypair", "token", "the-token-of-a1"),
                sent(settings, bringing("teleport-a1")).toMap());
    }

    @Test
    void a25TheKeyThatSignsIsNoKeyOfAgents() {
        String pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        FakeCredentials.store(FakeCredentials.text("signs", pem), FakeCredentials.text("next", pem));
        IssuerConfiguration.get().setCredentialsId("signs");
        IssuerConfiguration.get().setNextCredentialsId("next");
        Jenkins.get().granted = Set.of(Jenkins.ADMINISTER);
        try {
            for (String id : List.of("signs", "next")) {
                BoundKeypairJoin join = new BoundKeypairJoin();
                join.setTokenName("bound");
                join.setStaticKeyCredentialsId(id);
                String told = refused(settings(identity(join)), null);
                assertTrue(told.contains("'" + id + "'") && told.contains("signs statements"), told);
                assertEquals(
                        FormValidation.Kind.ERROR,
                        new BoundKeypairJoin.DescriptorImpl().doCheckStaticKeyCredentialsId(id).kind);
            }
        } finally {
            Jenkins.get().granted = null;
            IssuerConfiguration.get().setNextCredentialsId(null);
            IssuerConfiguration.get().setCredentialsId(null);
        }
    }

    @Test
    void what_is_no_static_key_is_not_sent() {
        FakeCredentials.store(
                FakeCredentials.text("a", "s3cret"),
                FakeCredentials.text("b", "-----BEGIN PUBLIC KEY-----\ns3cret\n-----END PUBLIC KEY-----"),
                FakeCredentials.text("c", "-----BEGIN ENCRYPTED PRIVATE KEY-----\ns3cret\n-----END ENCRYPTED PRIVATE KEY-----"),
                FakeCredentials.text("d", "-----BEGIN PRIVATE KEY----- s3cret -----END PRIVATE KEY-----"),
                FakeCredentials.text("e", "-----BEGIN PRIVATE KEY-----\ns3cret\"}\n-----END PRIVATE KEY-----"),
                FakeCredentials.text("f", "-----BEGIN EC PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----"),
                FakeCredentials.text("g", "x".repeat(8000) + "s3cret"));
        for (String id : List.of("a", "b", "c", "d", "e", "f", "g")) {
            BoundKeypairJoin join = new BoundKeypairJoin();
            join.setTokenName("bound");
            join.setStaticKeyCredentialsId(id);
            String told = refused(settings(identity(join)), null);
            assertTrue(told.endsWith("[credential_content]") && told.contains("'" + id + "'"), told);
            assertTrue(told.contains(id.equals("c") ? "passphrase" : "PEM") && !told.contains("s3cret"), told);
        }
    }

    @Test
    void a_changed_secret_of_the_same_credential_is_another_configuration_the_next_time() throws Exception {
        Settings settings = settings(identity(held("teleport-a1")));
        String before = key(settings, null);
        assertEquals(before, key(settings, null));
        FakeCredentials.store(FakeCredentials.text("teleport-a1", "a-new-token"));
        assertNotEquals(before, key(settings, null));
        assertEquals("a-new-token", sent(settings, null).getString("token"));
    }

    @Test
    void a_uri_of_another_cluster_in_a_credential_is_refused() {
        FakeCredentials.store(FakeCredentials.text("teleport-a1", "tbot+proxy+token://s3cret@other.example.com"));
        for (String told : List.of(
                refused(settings(identity(held("teleport-a1"))), null),
                refused(settings(identity(new TokenJoin(), "*-a1")), bringing("teleport-a1")))) {
            assertTrue(told.endsWith("[credential_content]") && told.contains("other.example.com"), told);
            assertFalse(told.contains("s3cret"), told);
        }
    }

    @Test
    void its_use_is_noted_when_it_is_sent() throws Exception {
        Settings settings = settings(identity(held("teleport-a1")));
        try (EngineConfig config = NodeLookup.engineConfig(settings, a1(), "api", null)) {
            assertEquals(List.of(), List.copyOf(CredentialsProvider.USES));
            config.used(new FakeRun("job", "job#1"), null);
        }
        assertEquals("job#1 teleport-a1", CredentialsProvider.USES.poll(20, TimeUnit.SECONDS));
    }

    /** A store that can't be reached for a while must not take away what an agent holds. */
    @Test
    void a_standing_destination_outlives_a_store_that_is_out_of_order() throws Exception {
        FakeChannel channel = new FakeChannel(task -> FakeChannel.SILENCE);
        FakeAgent agent = new FakeAgent("a1", channel);
        try {
            MachineIdNodeProperty property = new MachineIdNodeProperty();
            property.setIdentities(List.of(new Binding("api")));
            property.setStanding(new StandingDestination("/opt/machine-id"));
            agent.property = property;
            settings(identity(held("teleport-a1")));
            String lease = Standing.lease("a1", "/opt/machine-id");
            Standing.settle("a1", new Standing.Held(lease, "before"), unused -> {}, () -> Blocks.reply(new JSONObject()));
            FakeCredentials.store();
            assertThrows(CredentialTrouble.class, () -> Standing.keep(agent.computer()));
            assertTrue(Standing.holds("a1", lease));
            assertEquals(List.of(), channel.tasks);
        } finally {
            Standing.agentLost("a1");
            agent.delete();
        }
    }
}
