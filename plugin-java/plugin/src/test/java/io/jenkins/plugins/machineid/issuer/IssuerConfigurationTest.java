// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.FakeCredentials;
import hudson.util.FormValidation;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.Test;

class IssuerConfigurationTest {
    private final IssuerConfiguration configuration = new IssuerConfiguration();

    @Test
    void keys_stay_until_somebody_wants_them_changed() {
        assertFalse(configuration.schedule().on());
        configuration.setAnnounceDays(7);
        assertFalse(configuration.schedule().on());
    }

    @Test
    void the_schedule() {
        configuration.setRotateAfterDays(90);
        assertEquals(RotationSchedule.ofDays(90, 14), configuration.schedule());
        configuration.setAnnounceDays(14);
        assertEquals(14, configuration.getAnnounceDays());
        configuration.setAnnounceDays(30);
        assertEquals(Duration.ofDays(30), configuration.schedule().announce());
        configuration.setRotateAfterDays(null);
        assertFalse(configuration.schedule().on());
    }

    /** Configuration as Code leaves what isn't named, so each "no" can be written, and is what is exported. */
    @Test
    void what_is_off_can_be_written() {
        configuration.setRotateAfterDays(90);
        configuration.setAnnounceDays(7);
        configuration.setCredentialsId("key-a");
        configuration.setNextCredentialsId("key-b");
        // As a controller that keeps its home reads the export of one on which nothing is set.
        IssuerConfiguration untouched = new IssuerConfiguration();
        configuration.setRotateAfterDays(untouched.getRotateAfterDays());
        configuration.setAnnounceDays(untouched.getAnnounceDays());
        configuration.setCredentialsId(untouched.getCredentialsId());
        configuration.setNextCredentialsId(untouched.getNextCredentialsId());
        assertEquals(List.of(0, 14), List.of(untouched.getRotateAfterDays(), untouched.getAnnounceDays()));
        assertFalse(configuration.schedule().on());
        assertEquals(Duration.ofDays(14), configuration.announce());
        assertNull(configuration.signingCredential());
        assertNull(configuration.announcedCredential());
        Jenkins.get().granted = Set.of(Jenkins.ADMINISTER);
        try {
            assertEquals(FormValidation.Kind.OK, configuration.doCheckRotateAfterDays("0").kind);
            FormValidation told = configuration.doCheckRotateAfterDays("1");
            assertTrue(told.getMessage().contains("or 0 to rotate only by hand"), told.getMessage());
        } finally {
            Jenkins.get().granted = null;
        }
    }

    @Test
    void odd_numbers_are_refused_and_change_nothing() {
        configuration.setRotateAfterDays(90);
        for (int wrong : new int[] {-1, 1, 3651, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            IllegalArgumentException failure = assertThrows(
                    IllegalArgumentException.class, () -> configuration.setRotateAfterDays(wrong));
            assertTrue(failure.getMessage().contains("rotateAfterDays"), failure.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> configuration.setAnnounceDays(0));
        assertEquals(90, configuration.getRotateAfterDays());
    }

    /** What is saved and exported are these, so no key is. */
    @Test
    void its_fields_are_numbers_and_names() {
        assertEquals(
                List.of("announceDays", "credentialsId", "nextCredentialsId", "rotateAfterDays"),
                Stream.of(IssuerConfiguration.class.getDeclaredFields())
                        .filter(field -> !Modifier.isStatic(field.getModifiers()))
                        .map(Field::getName)
                        .sorted()
                        .toList());
    }

    @Test
    void a_credential_is_named_and_nothing_else() {
        configuration.setCredentialsId(" key-a ");
        configuration.setNextCredentialsId("");
        assertEquals("key-a", configuration.getCredentialsId());
        assertEquals("", configuration.getNextCredentialsId());
        assertThrows(IllegalArgumentException.class, () -> configuration.setCredentialsId("a\u0007b"));
        assertThrows(IllegalArgumentException.class, () -> configuration.setNextCredentialsId("x".repeat(2000)));
        assertEquals("key-a", configuration.getCredentialsId());
        configuration.setCredentialsId(null);
        assertEquals("", configuration.getCredentialsId());
        assertNull(configuration.signingCredential());
    }

    @Test
    void the_form_says_which_key_a_credential_holds_or_what_is_wrong_with_it() {
        String pem = Pem.rsa();
        FakeCredentials.store(FakeCredentials.text("key-a", pem), FakeCredentials.text("words", "s3cret"),
                FakeCredentials.text("global-key", pem));
        Jenkins.get().granted = Set.of(Jenkins.ADMINISTER);
        try {
            for (Function<String, FormValidation> field : List.<Function<String, FormValidation>>of(
                    configuration::doCheckCredentialsId, configuration::doCheckNextCredentialsId)) {
                assertEquals(FormValidation.Kind.OK, field.apply("").kind);
                FormValidation told = field.apply("key-a");
                assertEquals(FormValidation.Kind.OK, told.kind);
                assertTrue(told.getMessage().contains(SigningKey.ofPem(pem).id()), told.getMessage());
                told = field.apply("global-key");
                assertEquals(FormValidation.Kind.WARNING, told.kind);
                assertTrue(told.getMessage().contains("scope System"), told.getMessage());
                for (String wrong : List.of("words", "gone", "a\u0007b")) {
                    told = field.apply(wrong);
                    assertEquals(FormValidation.Kind.ERROR, told.kind);
                    assertFalse(told.getMessage().contains("s3cret"), told.getMessage());
                }
            }
            assertEquals(List.of("", "key-a", "words", "global-key"), configuration.doFillCredentialsIdItems("").ids());
            assertEquals(List.of("", "key-a", "words", "global-key", "gone"), configuration.doFillNextCredentialsIdItems("gone").ids());
        } finally {
            Jenkins.get().granted = null;
            FakeCredentials.store();
        }
    }

    @Test
    void nobody_but_an_administrator_is_told_of_credentials() {
        Jenkins.get().granted = Set.of(CredentialsProvider.VIEW, CredentialsProvider.USE_ITEM);
        try {
            CredentialsProvider.ASKED.set(0);
            assertEquals(List.of("", "x"), configuration.doFillCredentialsIdItems("x").ids());
            assertEquals(List.of("", "x"), configuration.doFillNextCredentialsIdItems("x").ids());
            assertEquals(FormValidation.Kind.OK, configuration.doCheckCredentialsId("gone").kind);
            assertEquals(FormValidation.Kind.OK, configuration.doCheckNextCredentialsId("gone").kind);
            assertEquals(0, CredentialsProvider.ASKED.get());
        } finally {
            Jenkins.get().granted = null;
        }
    }
}
