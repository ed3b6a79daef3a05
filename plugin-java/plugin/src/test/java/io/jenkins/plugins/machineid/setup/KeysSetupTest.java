// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.FakeCredentials;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.issuer.IssuerConfiguration;
import io.jenkins.plugins.machineid.issuer.RotationStep;
import io.jenkins.plugins.machineid.issuer.SigningKeys;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the page says of keys, and that there are some when they are needed. */
class KeysSetupTest {
    private final IssuerConfiguration configuration = IssuerConfiguration.get();

    @AfterEach
    void empty() {
        configuration.setCredentialsId(null);
        configuration.setNextCredentialsId(null);
        FakeCredentials.store();
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of());
    }

    private static String pem() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        byte[] key = generator.generateKeyPair().getPrivate().getEncoded();
        return "-----BEGIN PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(key) + "\n-----END PRIVATE KEY-----";
    }

    private static String facts(KeysSetup keys) {
        assertNull(keys.getFault());
        return String.join("\n", keys.getFacts());
    }

    @Test
    void keys_of_credentials_have_no_button_but_say_what_to_do() throws Exception {
        FakeCredentials.store(FakeCredentials.text("key-a", pem()), FakeCredentials.text("key-b", pem()));
        configuration.setCredentialsId("key-a");
        configuration.setNextCredentialsId("key-b");
        if (SigningKeys.get().state().step() != null) {
            // What another test has made or named.
            SigningKeys.get().rotate(RotationStep.DROP);
        }
        KeysSetup both = KeysSetup.read(List.of("jenkins-api"));
        String told = facts(both);
        assertNull(both.getStep());
        assertTrue(told.contains("what credential key-a holds") && told.contains("jenkins-api"), told);
        String next = SigningKeys.get().state().announced();
        assertTrue(told.contains("Key " + next + ", of the credential of the next key, is published"), told);
        configuration.setCredentialsId("key-b");
        configuration.setNextCredentialsId(null);
        KeysSetup after = KeysSetup.read(List.of("jenkins-api"));
        assertTrue(facts(after).contains("Key " + next + " signs since"), facts(after));
        assertEquals("DROP", after.getStep(), "the old one can be forgotten early");
        assertFalse(after.getButton().isEmpty());
        SigningKeys.get().rotate(RotationStep.DROP);
        assertNull(KeysSetup.read(List.of()).getStep());
    }

    @Test
    void a_credential_that_fails_is_a_fault_without_a_button() {
        FakeCredentials.store();
        configuration.setCredentialsId("gone");
        KeysSetup keys = KeysSetup.read(List.of());
        assertTrue(keys.getFault().endsWith("[credential_missing]"), keys.getFault());
        assertNull(keys.getStep());
        assertEquals(List.of(), keys.getFacts());
    }

    /** Whoever fetches the public keys before the first build finds some. */
    @Test
    @Timeout(60)
    void the_first_identity_that_needs_keys_has_them_made() throws Exception {
        MachineIdConfiguration saved = MachineIdConfiguration.get();
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        Identity identity = new Identity("api", "main");
        identity.setJoin(join);
        saved.setClusters(List.of(new Cluster("main", "teleport.example.com")));
        saved.setIdentities(List.of(identity));
        assertTrue(KeysNeeded.isNeededBy(saved));
        new KeysNeeded().onChange(saved, null);
        while (SigningKeys.get().state().signing().isEmpty()) {
            Thread.sleep(20);
        }
    }
}
