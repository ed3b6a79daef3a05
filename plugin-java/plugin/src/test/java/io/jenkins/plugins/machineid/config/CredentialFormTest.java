// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.FakeCredentials;
import hudson.model.Computer;
import hudson.model.FakeAgent;
import hudson.security.Permission;
import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.join.BoundKeypairJoin;
import io.jenkins.plugins.machineid.join.KubernetesJoin;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a field of a credential offers, tells and keeps, to whom. */
class CredentialFormTest {
    private static final List<String> ALL = List.of("", "teleport-a1", "root-key", "a-file");

    private final TokenJoin.DescriptorImpl token = new TokenJoin.DescriptorImpl();
    private final BoundKeypairJoin.DescriptorImpl keypair = new BoundKeypairJoin.DescriptorImpl();
    private final Binding.DescriptorImpl binding = new Binding.DescriptorImpl();
    private final FakeAgent agent = new FakeAgent("CredentialFormTest", null);

    @BeforeEach
    void fill() {
        FakeCredentials.store(
                FakeCredentials.text("teleport-a1", "s3cret"),
                FakeCredentials.text("root-key", "s3cret"),
                FakeCredentials.file("a-file", "s3cret"),
                FakeCredentials.other("password"));
    }

    @AfterEach
    void empty() {
        Jenkins.get().granted = null;
        MachineIdConfiguration.get().replace(List.of(), List.of());
        agent.delete();
        FakeCredentials.store();
    }

    private static void may(Permission... permissions) {
        Jenkins.get().granted = Set.of(permissions);
    }

    private List<String> ofAgent(String current) {
        return binding.doFillCredentialsIdItems(agent.computer(), current).ids();
    }

    @Test
    void an_administrator_sees_what_can_stand_for_a_secret() {
        may(Jenkins.ADMINISTER);
        assertEquals(ALL, token.doFillCredentialsIdItems("").ids());
        assertEquals(ALL, token.doFillCredentialsIdItems("root-key").ids());
        assertEquals(ALL, keypair.doFillRegistrationSecretCredentialsIdItems(null).ids());
        assertEquals(ALL, keypair.doFillStaticKeyCredentialsIdItems(null).ids());
        assertEquals(ALL, ofAgent(""));
        assertEquals(ALL, binding.doFillCredentialsIdItems(null, "").ids());
        assertEquals("a token (root-key)", token.doFillCredentialsIdItems("").get(2).name);
    }

    @Test
    void what_is_gone_stays_a_choice_with_its_error() {
        may(Jenkins.ADMINISTER);
        assertEquals(List.of("", "teleport-a1", "root-key", "a-file", "gone"), token.doFillCredentialsIdItems("gone").ids());
        for (Function<String, FormValidation> field : List.<Function<String, FormValidation>>of(
                token::doCheckCredentialsId,
                keypair::doCheckRegistrationSecretCredentialsId,
                id -> binding.doCheckCredentialsId(agent.computer(), id, ""))) {
            assertEquals(FormValidation.Kind.OK, field.apply("teleport-a1").kind);
            assertEquals(FormValidation.Kind.OK, field.apply("").kind);
            assertEquals(FormValidation.Kind.ERROR, field.apply("gone").kind);
            assertEquals(FormValidation.Kind.ERROR, field.apply("password").kind);
            assertEquals(FormValidation.Kind.ERROR, field.apply("a\u0007b").kind);
            assertTrue(field.apply("gone").getMessage().contains("'gone'"));
        }
    }

    /** As at its use: what is no key is told when it is chosen, without a word of it. */
    @Test
    void a_static_keys_credential_is_looked_into() {
        may(Jenkins.ADMINISTER);
        String pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        FakeCredentials.store(
                FakeCredentials.text("key", pem),
                FakeCredentials.text("locked", pem.replace("PRIVATE", "ENCRYPTED PRIVATE")),
                FakeCredentials.text("token", "s3cret"));
        assertEquals(FormValidation.Kind.OK, keypair.doCheckStaticKeyCredentialsId("key").kind);
        assertEquals(FormValidation.Kind.OK, keypair.doCheckStaticKeyCredentialsId("").kind);
        assertTrue(keypair.doCheckStaticKeyCredentialsId("locked").getMessage().contains("passphrase"));
        for (String wrong : List.of("locked", "token", "gone", "a\u0007b")) {
            FormValidation told = keypair.doCheckStaticKeyCredentialsId(wrong);
            assertEquals(FormValidation.Kind.ERROR, told.kind, wrong);
            assertFalse(told.getMessage().contains("s3cret"), told.getMessage());
        }
    }

    @Test
    void nobody_else_sees_an_identitys_choices() {
        may(CredentialsProvider.VIEW, CredentialsProvider.USE_ITEM, Computer.CONFIGURE, Computer.CREATE);
        assertEquals(List.of("", "root-key"), token.doFillCredentialsIdItems("root-key").ids());
        assertEquals(List.of("", "x"), keypair.doFillRegistrationSecretCredentialsIdItems("x").ids());
        assertEquals(List.of("", "x"), keypair.doFillStaticKeyCredentialsIdItems("x").ids());
        // Nor by asking for one id after the other.
        assertEquals(FormValidation.Kind.OK, token.doCheckCredentialsId("gone").kind);
        assertEquals(FormValidation.Kind.OK, keypair.doCheckRegistrationSecretCredentialsId("gone").kind);
        assertEquals(FormValidation.Kind.OK, keypair.doCheckStaticKeyCredentialsId("gone").kind);
        assertEquals(0, CredentialsProvider.ASKED.get());
    }

    @Test
    void of_an_agents_choices_its_configurer_sees_what_the_credentials_plugin_shows() {
        agent.configurable = true;
        for (Set<Permission> granted : List.<Set<Permission>>of(
                Set.of(), Set.of(CredentialsProvider.VIEW), Set.of(CredentialsProvider.USE_ITEM))) {
            Jenkins.get().granted = granted;
            assertEquals(List.of("", "mine"), ofAgent("mine"));
            assertEquals(List.of(""), ofAgent(""));
            // Nor by asking for one id after the other.
            assertEquals(FormValidation.Kind.OK, binding.doCheckCredentialsId(agent.computer(), "root-key", "").kind);
            assertEquals(FormValidation.Kind.OK, binding.doCheckCredentialsId(agent.computer(), "gone", "").kind);
        }
        assertEquals(0, CredentialsProvider.ASKED.get());
        may(CredentialsProvider.VIEW, CredentialsProvider.USE_ITEM);
        assertEquals(ALL, ofAgent(""));
        assertEquals(FormValidation.Kind.ERROR, binding.doCheckCredentialsId(agent.computer(), "gone", "").kind);
    }

    @Test
    void who_may_not_configure_the_agent_sees_nothing_of_it() {
        may(CredentialsProvider.VIEW, CredentialsProvider.USE_ITEM);
        assertEquals(List.of("", "mine"), ofAgent("mine"));
        assertEquals(List.of("", "mine"), binding.doFillCredentialsIdItems(null, "mine").ids());
        assertEquals(FormValidation.Kind.OK, binding.doCheckCredentialsId(agent.computer(), "gone", "").kind);
        assertEquals(0, CredentialsProvider.ASKED.get());
        may(CredentialsProvider.VIEW, CredentialsProvider.USE_ITEM, Computer.CREATE);
        assertEquals(ALL, binding.doFillCredentialsIdItems(null, "").ids());
        // Who may make agents sees nothing by the page of one that is another's.
        assertEquals(List.of("", "mine"), ofAgent("mine"));
    }

    @Test
    void providers_that_fail_leave_the_value_where_it_is() {
        may(Jenkins.ADMINISTER);
        CredentialsProvider.providers = () -> {
            throw new IllegalStateException("s3cret");
        };
        assertEquals(List.of("", "mine"), token.doFillCredentialsIdItems("mine").ids());
        FormValidation told = token.doCheckCredentialsId("mine");
        assertEquals(FormValidation.Kind.WARNING, told.kind);
        assertFalse(told.getMessage().contains("s3cret"));
    }

    @Test
    void an_administrator_is_told_what_the_identity_does_not_take() {
        may(Jenkins.ADMINISTER);
        Identity api = new Identity("api", "main");
        api.setAgentCredentials(List.of("teleport-*"));
        Identity pods = new Identity("pods", "main");
        KubernetesJoin join = new KubernetesJoin();
        join.setTokenName("pods");
        pods.setJoin(join);
        MachineIdConfiguration.get().replace(List.of(), List.of(api, pods));
        assertEquals(FormValidation.Kind.OK, binding.doCheckCredentialsId(agent.computer(), "teleport-a1", "api").kind);
        FormValidation other = binding.doCheckCredentialsId(agent.computer(), "root-key", "api");
        assertEquals(FormValidation.Kind.WARNING, other.kind);
        assertTrue(other.getMessage().contains("root-key"), other.getMessage());
        assertEquals(FormValidation.Kind.WARNING, binding.doCheckCredentialsId(agent.computer(), "teleport-a1", "pods").kind);
    }

    @Test
    void a_secret_and_a_credential_of_it_are_not_saved_together() {
        TokenJoin join = new TokenJoin();
        join.setCredentialsId(" teleport-a1 ");
        assertEquals("teleport-a1", join.getCredentialsId());
        join.check();
        join.setTokenFile("/etc/token");
        refused(join::check);
        join.setTokenFile(null);
        join.setToken(Secret.fromString("s3cret"));
        refused(join::check);
        BoundKeypairJoin bound = new BoundKeypairJoin();
        bound.setRegistrationSecretCredentialsId("teleport-a1");
        bound.check();
        bound.setStaticKeyPath("/etc/key");
        refused(bound::check);
        bound.setStaticKeyPath(null);
        bound.setStaticKeyCredentialsId("a-file");
        refused(bound::check);
        bound.setRegistrationSecretCredentialsId(null);
        bound.check();
        bound.setStaticKeyPath("/etc/key");
        refused(bound::check);
        bound.setStaticKeyPath(null);
        bound.setStaticKeyCredentialsId(null);
        bound.setRegistrationSecretCredentialsId("teleport-a1");
        bound.setRegistrationSecret(Secret.fromString("s3cret"));
        refused(bound::check);
        for (int i = 0; i < 2; i++) {
            Binding own = new Binding("api");
            own.setCredentialsId("teleport-a1");
            own.check();
            own.setToken(i == 0 ? Secret.fromString("s3cret") : null);
            own.setTokenFile(i == 1 ? "/etc/token" : null);
            refused(own::check);
        }
    }

    private static void refused(Runnable check) {
        String told = assertThrows(IllegalArgumentException.class, check::run).getMessage();
        assertFalse(told.contains("s3cret"), told);
    }

    @Test
    void whatASetterRefusedOfACredentialIsNotSavedEither() {
        List<Runnable> checks = new ArrayList<>();
        String bad = "a\nb";
        TokenJoin join = new TokenJoin();
        assertThrows(IllegalArgumentException.class, () -> join.setCredentialsId(bad));
        checks.add(join::check);
        BoundKeypairJoin bound = new BoundKeypairJoin();
        assertThrows(IllegalArgumentException.class, () -> bound.setRegistrationSecretCredentialsId(bad));
        checks.add(bound::check);
        Binding own = new Binding("api");
        assertThrows(IllegalArgumentException.class, () -> own.setCredentialsId(bad));
        checks.add(own::check);
        Identity identity = new Identity("api", "main");
        assertThrows(IllegalArgumentException.class, () -> identity.setAgentCredentials(List.of("x", "**")));
        checks.add(identity::check);
        checks.forEach(check -> assertThrows(IllegalArgumentException.class, check::run));
    }

    /** Configuration as Code writes what the getters say, and compares by them what is a default. */
    @Test
    void what_is_set_is_what_is_exported_and_it_holds_no_secret() {
        TokenJoin join = new TokenJoin();
        join.setCredentialsId("teleport-a1");
        assertEquals("teleport-a1", join.getCredentialsId());
        assertEquals(null, join.getToken());
        assertFalse(join.equals(new TokenJoin()));
        TokenJoin same = new TokenJoin();
        same.setCredentialsId("teleport-a1");
        assertEquals(same, join);
        BoundKeypairJoin bound = new BoundKeypairJoin();
        bound.setRegistrationSecretCredentialsId("r");
        assertEquals("r", bound.getRegistrationSecretCredentialsId());
        assertFalse(bound.equals(new BoundKeypairJoin()));
        Identity identity = new Identity("api", "main");
        assertEquals(List.of(), identity.getAgentCredentials());
        identity.setAgentCredentials(List.of("teleport-*\nteleport/*"));
        assertEquals(List.of("teleport-*", "teleport/*"), identity.getAgentCredentials());
        assertFalse((join + " " + join.request(null, null) + bound.request(null, null)).contains("s3cret"));
        assertEquals(0, CredentialsProvider.ASKED.get());
    }
}
