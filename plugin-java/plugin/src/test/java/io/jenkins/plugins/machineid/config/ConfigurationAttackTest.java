// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.util.Secret;
import io.jenkins.plugins.machineid.access.Policy;
import io.jenkins.plugins.machineid.join.AzureJoin;
import io.jenkins.plugins.machineid.join.BoundKeypairJoin;
import io.jenkins.plugins.machineid.join.GenericOidcJoin;
import io.jenkins.plugins.machineid.join.GitlabJoin;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.KubernetesJoin;
import io.jenkins.plugins.machineid.join.NamedTokenJoin;
import io.jenkins.plugins.machineid.join.TerraformCloudJoin;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Jobs and users that look for a gap in what is configured. */
class ConfigurationAttackTest {
    private static final int ROUNDS = 2000;

    /** A configuration whose bulk changes are made by the test: Configuration as Code makes one for all lists. */
    private static final class Configured extends MachineIdConfiguration {
        private final ThreadLocal<Object> bulk = new ThreadLocal<>();

        @Override
        Object bulkChange() {
            return bulk.get();
        }

        void begin() {
            bulk.set(new Object());
        }

        void commit() {
            bulk.remove();
            save();
        }

        void abort() {
            bulk.remove();
        }
    }

    private static Identity identity(String id, String cluster, String... jobs) {
        Identity identity = new Identity(id, cluster);
        identity.setAllowedJobs(List.of(jobs));
        identity.setAllowedAgents(List.of("a1"));
        return identity;
    }

    private static List<Cluster> clusters(String version) {
        return List.of(new Cluster(version, version + ".example.com"));
    }

    private static List<Identity> identities(String version) {
        return List.of(identity("api", version, version + "/**"));
    }

    /** The version that all of it belongs to. */
    private static String version(Settings settings) {
        String cluster = settings.clusters().get(0).getName();
        assertEquals(cluster, settings.identity("api").getCluster());
        assertTrue(settings.policy().allows("api", cluster + "/x"), cluster);
        return cluster;
    }

    private void readWhile(MachineIdConfiguration configuration, Runnable changes) throws InterruptedException {
        AtomicBoolean over = new AtomicBoolean();
        AtomicReference<Throwable> torn = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            try {
                while (!over.get()) {
                    version(configuration.settings());
                    assertFalse(configuration.getIdentities().isEmpty());
                    assertFalse(configuration.getClusters().isEmpty());
                }
            } catch (Throwable e) {
                torn.set(e);
            }
        });
        reader.start();
        try {
            changes.run();
        } finally {
            over.set(true);
            reader.join();
        }
        assertEquals(null, torn.get());
    }

    /** A build that starts while an administrator presses Save. */
    @Test
    @Timeout(60)
    void a19AFormIsSavedInOneStep() throws InterruptedException {
        MachineIdConfiguration configuration = new Configured();
        configuration.replace(clusters("one"), identities("one"));
        readWhile(configuration, () -> {
            for (int i = 0; i < ROUNDS; i++) {
                String version = i % 2 == 0 ? "two" : "one";
                configuration.replace(clusters(version), identities(version));
            }
        });
    }

    /** Configuration as Code sets one list after the other and commits. */
    @Test
    @Timeout(60)
    void a19AsCodeItIsOneStepToo() throws InterruptedException {
        Configured configuration = new Configured();
        configuration.replace(clusters("one"), identities("one"));
        readWhile(configuration, () -> {
            for (int i = 0; i < ROUNDS; i++) {
                String version = i % 2 == 0 ? "two" : "one";
                configuration.begin();
                configuration.setClusters(clusters(version));
                configuration.setIdentities(identities(version));
                configuration.commit();
            }
        });
        assertEquals("one", version(configuration.settings()));
    }

    @Test
    void a19AnAbortedChangeLeavesNothingBehind() {
        Configured configuration = new Configured();
        configuration.replace(clusters("one"), identities("one"));
        configuration.begin();
        configuration.setClusters(clusters("two"));
        assertThrows(IllegalArgumentException.class, () -> configuration.setIdentities(
                List.of(identity("api", "two"), identity("api", "two"))));
        configuration.abort();
        assertEquals("one", version(configuration.settings()));
        configuration.begin();
        configuration.setIdentities(identities("one"));
        configuration.commit();
        assertEquals("one", version(configuration.settings()));
    }

    @Test
    void a19AFailedSaveChangesNothing() {
        MachineIdConfiguration configuration = new Configured();
        configuration.replace(clusters("one"), identities("one"));
        assertThrows(IllegalArgumentException.class, () -> configuration.replace(
                clusters("two"), List.of(identity("api", "two"), identity("api", "two"))));
        assertEquals("one", version(configuration.settings()));
    }

    private static KubernetesJoin kubernetes() {
        KubernetesJoin join = new KubernetesJoin();
        join.setTokenName("pods");
        return join;
    }

    private static Identity joinedBy(String uri) {
        TokenJoin join = new TokenJoin();
        join.setToken(Secret.fromString(uri));
        Identity identity = identity("api", "main", "**");
        identity.setJoin(join);
        return identity;
    }

    /** A joining URI that leads agents to somebody else's cluster, pasted into an identity of ours. */
    @Test
    void a_uri_of_another_cluster_is_refused_by_name_and_changes_nothing() {
        Identity ours = joinedBy("tbot+proxy+bound-keypair://api:s3cret@main.example.com:443");
        List<Cluster> before = List.of(new Cluster("main", "main.example.com:443"));
        List<Cluster> after = List.of(new Cluster("main", "new.example.com:443"));
        Configured configuration = new Configured();
        configuration.replace(before, List.of(ours));
        assertTrue(configuration.policy().keepsState("api"));
        Identity theirs = joinedBy("tbot+proxy+token://s3cret@new.example.com:443");
        String sentence = assertThrows(
                        IllegalArgumentException.class, () -> configuration.replace(before, List.of(theirs)))
                .getMessage();
        assertTrue(sentence.contains("new.example.com") && sentence.contains("'main'"), sentence);
        assertFalse(sentence.contains("s3cret"), sentence);
        assertEquals(List.of(ours), configuration.getIdentities());
        assertThrows(IllegalArgumentException.class, () -> configuration.setClusters(after));
        assertEquals("main.example.com:443", configuration.cluster("main").getAddress());
        // Both at once, one list after the other, is no mismatch in between.
        configuration.begin();
        configuration.setClusters(after);
        configuration.setIdentities(List.of(theirs));
        configuration.commit();
        assertEquals(List.of(theirs), configuration.getIdentities());
    }

    /** As Jenkins binds a form: what a setter throws is logged, and the next field is set. */
    private static <T> T asAForm(T object, Consumer<T> set) {
        assertThrows(IllegalArgumentException.class, () -> set.accept(object));
        return object;
    }

    @Test
    void whatASetterRefusedIsNotSavedEither() {
        Cluster cluster = new Cluster("main", "main.example.com");
        List<Consumer<Identity>> wrong = List.of(
                it -> it.setKeyAlgorithm("rot13"),
                it -> it.setLifetime("soon"),
                it -> it.setRenewalInterval("soon"),
                it -> it.setRoles(List.of("a\u0001b")),
                it -> it.setMaxTtl("forever"),
                it -> it.setCacheScope("world"),
                it -> it.setAllowedJobs(List.of("/team-a")),
                it -> it.setAllowedAgents(List.of("*")),
                it -> it.setAgentsBy("luck"));
        for (Consumer<Identity> set : wrong) {
            Identity identity = asAForm(identity("api", "main", "**"), set);
            assertThrows(IllegalArgumentException.class, () -> new Settings(List.of(cluster), List.of(identity)));
        }
        String uri = "tbot+proxy+token://s3cret@main.example.com";
        List<JoinMethod> joins = List.of(
                asAForm(new TokenJoin(), it -> it.setToken(Secret.fromString("a b"))),
                asAForm(new TokenJoin(), it -> it.setTokenFile("token")),
                asAForm(new KubernetesJoin(), it -> it.setTokenName(uri)),
                asAForm(kubernetes(), it -> it.setTokenFile("token")),
                asAForm(kubernetes(), it -> it.setTokenPath("token")),
                asAForm(named(new GitlabJoin()), it -> it.setVariable("A=B")),
                asAForm(named(new GitlabJoin()), it -> it.setFile("../x")),
                asAForm(named(new TerraformCloudJoin()), it -> it.setAudienceTag("A-B")),
                asAForm(named(new AzureJoin()), it -> it.setClientId("me")),
                asAForm(named(new GenericOidcJoin()), it -> it.setTimeout("1d")),
                asAForm(named(new GenericOidcJoin()), it -> it.setCommand(List.of("/x\u0000"))),
                asAForm(new BoundKeypairJoin(), it -> it.setRegistrationSecret(Secret.fromString("a b"))),
                asAForm(new BoundKeypairJoin(), it -> it.setRegistrationSecretPath("x")),
                asAForm(new BoundKeypairJoin(), it -> it.setStaticKeyPath("x")));
        for (JoinMethod join : joins) {
            Identity identity = identity("api", "main", "**");
            identity.setJoin(join);
            assertThrows(IllegalArgumentException.class, () -> new Settings(List.of(cluster), List.of(identity)), join::method);
        }
        List<Consumer<Cluster>> wrongClusters = List.of(
                it -> it.setAddressKind("both"), it -> it.setCaPins(List.of("abc")), it -> it.setCaCertificate("PEM"));
        for (Consumer<Cluster> set : wrongClusters) {
            Cluster one = asAForm(new Cluster("main", "main.example.com"), set);
            assertThrows(IllegalArgumentException.class, () -> new Settings(List.of(one), List.of()));
        }
        MachineIdNodeProperty property = new MachineIdNodeProperty();
        Binding binding = asAForm(new Binding("api"), it -> it.setToken(Secret.fromString("a b")));
        asAForm(property, it -> it.setIdentities(List.of(binding)));
        assertThrows(IllegalArgumentException.class, property::check);
        MachineIdNodeProperty other = asAForm(new MachineIdNodeProperty(), it -> it.setDefaultIdentity("a b"));
        assertThrows(IllegalArgumentException.class, other::check);
        MachineIdNodeProperty standing = new MachineIdNodeProperty();
        standing.setStanding(asAForm(new StandingDestination("/opt/x"), it -> it.setRoles(List.of("a\u0001b"))));
        assertThrows(IllegalArgumentException.class, standing::check);
    }

    private static <T extends NamedTokenJoin> T named(T join) {
        join.setTokenName("jenkins");
        return join;
    }

    /** An identity whose token is a secret for any agent. */
    @Test
    void a05ASecretForAnyAgentIsRefused() {
        Identity identity = identity("api", "main", "**");
        identity.setAgentsBy("any");
        assertThrows(IllegalArgumentException.class, () -> new Settings(List.of(), List.of(identity)));
        identity.setJoin(kubernetes());
        new Settings(List.of(), List.of(identity));
    }

    private static MachineIdNodeProperty agent(String... identities) {
        MachineIdNodeProperty property = new MachineIdNodeProperty();
        property.setIdentities(List.of(identities).stream().map(Binding::new).toList());
        return property;
    }

    private static Policy policy(Identity... identities) {
        return new Settings(List.of(), List.of(identities)).policy();
    }

    /** A job without permission comes to the agent to run the helper against what is stored there. */
    @Test
    void a04AJobThatNoIdentityOfTheAgentAllowsIsNotTaken() {
        Policy policy = policy(identity("api", "main", "team-a/**"), identity("web", "main", "team-b/**"));
        MachineIdNodeProperty property = agent("api");
        assertTrue(property.isOnlyAllowedJobs());
        assertTrue(JobGate.keeps(policy, property));
        assertTrue(JobGate.takes(policy, property, "team-a/x"));
        assertFalse(JobGate.takes(policy, property, "team-b/x"));
        assertFalse(JobGate.takes(policy, property, "team-a"));
        assertTrue(JobGate.takes(policy, agent("api", "web"), "team-b/x"));
    }

    /** A pipeline is renamed after its part has been queued: then nobody knows whose it is. */
    @Test
    void a04ATaskOfNobodyIsNotTaken() {
        Policy policy = policy(identity("api", "main", "**"));
        assertFalse(JobGate.takes(policy, agent("api"), null));
    }

    /** Any job of the agent can read a standing destination. */
    @Test
    void a04AStandingDestinationsIdentityAloneSaysWhichJobs() {
        Policy policy = policy(identity("api", "main", "team-a/**"), identity("web", "main", "team-b/**"));
        MachineIdNodeProperty property = agent("api", "web");
        property.setStanding(new StandingDestination("/opt/machine-id"));
        property.setDefaultIdentity("api");
        assertTrue(JobGate.takes(policy, property, "team-a/x"));
        assertFalse(JobGate.takes(policy, property, "team-b/x"));
    }

    /** An identity is removed, or its configuration can't be read: its bot still lies on the agents that name it. */
    @Test
    void a04WhatARemovedIdentityLeftIsKeptFromJobsToo() {
        assertTrue(JobGate.keeps(policy(), agent("gone")));
        assertFalse(JobGate.takes(policy(identity("web", "main", "**")), agent("gone"), "team-b/x"));
    }

    /** Its token comes from a credential, and it keeps what the token gave, also of a method that would keep nothing. */
    @Test
    void a04AnAgentWithACredentialTakesNoOtherJobsEither() {
        Identity pods = identity("pods", "main", "team-a/**");
        pods.setJoin(kubernetes());
        MachineIdNodeProperty property = agent("pods");
        assertFalse(JobGate.keeps(policy(pods), property));
        property.getIdentities().get(0).setCredentialsId("teleport-a1");
        assertTrue(JobGate.keeps(policy(pods), property));
    }

    @Test
    void a04AnAgentThatKeepsNothingTakesAnyJob() {
        Identity pods = identity("pods", "main", "team-a/**");
        pods.setJoin(kubernetes());
        Policy policy = policy(pods);
        assertFalse(JobGate.keeps(policy, agent("pods")));
        assertFalse(JobGate.keeps(policy, new MachineIdNodeProperty()));
        Binding own = new Binding("gone");
        own.setTokenFile("/etc/token");
        MachineIdNodeProperty property = new MachineIdNodeProperty();
        property.setIdentities(List.of(own));
        assertTrue(JobGate.keeps(policy, property));
        assertFalse(JobGate.takes(policy, property, "team-a/x"));
    }

    /** A user sends an agent's config.xml with holes in it: each question about that agent would fail, the policy's too. */
    @Test
    @SuppressWarnings({"rawtypes", "unchecked"})
    void a14AnAgentsBrokenConfigurationKeepsNoBlockFromThePolicy() throws Exception {
        MachineIdNodeProperty property = agent("api");
        java.lang.reflect.Field field = MachineIdNodeProperty.class.getDeclaredField("identities");
        field.setAccessible(true);
        List holes = new ArrayList<>(property.getIdentities());
        holes.add(null);
        holes.add("text");
        field.set(property, holes);
        assertEquals(List.of("api"), ((MachineIdNodeProperty) property.readResolve()).names());
    }
}
