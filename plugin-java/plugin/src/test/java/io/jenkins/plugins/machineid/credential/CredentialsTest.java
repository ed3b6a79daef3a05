// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.FakeCredentials;
import hudson.model.FakeRun;
import io.jenkins.plugins.machineid.join.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stores and their content as they should be, and as they are. */
@Timeout(60)
class CredentialsTest {
    private static final String LONG = "x".repeat(5000);

    @AfterEach
    void empty() {
        FakeCredentials.store();
    }

    private static CredentialRef ref(String id) {
        return (CredentialRef) CredentialRef.either(null, id, Tokens::check);
    }

    private static String read(String id) throws Exception {
        return Credentials.read(ref(id)).secret().getPlainText();
    }

    private static String trouble(String id) {
        return assertThrows(CredentialTrouble.class, () -> read(id)).getMessage();
    }

    @Test
    void a_secret_text_and_a_secret_file_are_read_without_what_is_around_them() throws Exception {
        FakeCredentials.store(
                FakeCredentials.text("text", "s3cret-1"),
                FakeCredentials.text("line", "s3cret-2\r\n"),
                FakeCredentials.file("file", " s3cret-3\n"),
                FakeCredentials.file("longest", "y".repeat(4096) + "\n"));
        assertEquals("s3cret-1", read("text"));
        assertEquals("s3cret-2", read("line"));
        assertEquals("s3cret-3", read("file"));
        assertEquals(4096, read("longest").length());
    }

    @Test
    void of_two_of_one_id_the_one_that_fits_is_taken() throws Exception {
        FakeCredentials.store(FakeCredentials.other("twice"), FakeCredentials.text("twice", "s3cret"));
        assertEquals("s3cret", read("twice"));
    }

    @Test
    void each_fault_has_one_sentence_with_a_code_and_nothing_of_the_content() {
        FakeCredentials.store(
                FakeCredentials.other("password"),
                FakeCredentials.text("nothing", () -> null),
                FakeCredentials.text("blank", " \n"),
                FakeCredentials.file("empty", ""),
                FakeCredentials.text("words", "s3cret words"),
                FakeCredentials.file("long", "s3cret" + LONG),
                FakeCredentials.file("huge", "s3cret" + LONG.repeat(1000)),
                FakeCredentials.file("binary", "s3cret\u0000\u0001"),
                FakeCredentials.file("encrypted", "{encrypted:s3cret}"),
                FakeCredentials.text("uri", "tbot+proxy+s3cret"));
        assertEquals("[credential_missing]", code(trouble("gone")));
        assertEquals("[credential_kind]", code(trouble("password")));
        for (String id : List.of("nothing", "blank", "empty", "words", "long", "huge", "binary", "encrypted", "uri")) {
            String told = trouble(id);
            assertEquals("[credential_content]", code(told), id);
            assertTrue(told.contains("'" + id + "'") && !told.contains("s3cret"), told);
        }
    }

    @Test
    void an_id_out_of_a_broken_config_xml_is_not_repeated() {
        FakeCredentials.store();
        for (String id : List.of("", " x", "a\nmachine-id: all is well", "\u001b[2J", LONG)) {
            String told = trouble(id);
            assertTrue(told.lines().count() == 1 && !told.contains("well") && !told.contains(LONG), told);
        }
        assertEquals(0, CredentialsProvider.ASKED.get());
    }

    /** A provider's exception repeats what it read, as parsers do. */
    @Test
    void what_a_provider_throws_is_told_by_its_kind_alone() {
        List<String> logged = new ArrayList<>();
        Logger logger = Logger.getLogger(Credentials.class.getPackageName());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                logged.add(record.getMessage() + record.getThrown());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        handler.setLevel(Level.ALL);
        logger.setLevel(Level.ALL);
        logger.addHandler(handler);
        try {
            FakeCredentials.store(
                    FakeCredentials.text("a", () -> {
                        throw new IllegalStateException("can't decode s3cret", new RuntimeException("s3cret"));
                    }),
                    FakeCredentials.text("b", () -> {
                        throw new NoClassDefFoundError("s3cret");
                    }));
            assertTrue(trouble("a").contains("IllegalStateException"));
            assertTrue(trouble("b").contains("NoClassDefFoundError"));
            CredentialsProvider.providers = () -> {
                throw new UnsupportedOperationException("s3cret");
            };
            assertEquals("[credential_failed]", code(trouble("a")));
            assertFalse(trouble("a").contains("s3cret"));
            assertTrue(logged.size() >= 3 && logged.toString().contains("CredentialStore.read"), logged.toString());
            assertFalse(logged.toString().contains("s3cret"), logged.toString());
        } finally {
            logger.removeHandler(handler);
            logger.setLevel(null);
        }
    }

    @Test
    void a_provider_that_hangs_is_waited_for_as_long_as_its_limit_says() {
        CountDownLatch never = new CountDownLatch(1);
        FakeCredentials.store(FakeCredentials.text("vault", () -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return "s3cret";
        }), FakeCredentials.text("local", "here"));
        Lookups<HeldSecret> impatient = new Lookups<>("impatient", 4, 200, TimeUnit.MILLISECONDS);
        long begun = System.nanoTime();
        String told = assertThrows(CredentialTrouble.class, () -> Credentials.read(ref("vault"), impatient)).getMessage();
        assertEquals("[credential_silent]", code(told));
        assertTrue(System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(10));
        assertTrue(Credentials.LIMIT_SECONDS <= 30);
    }

    @Test
    void its_use_is_noted_for_the_build_or_else_for_the_node() throws Exception {
        FakeCredentials.store(FakeCredentials.text("text", "s3cret"));
        HeldSecret held = Credentials.read(ref("text"));
        assertEquals(0, CredentialsProvider.USES.size());
        held.used(new FakeRun("job", "job#1"), jenkins.model.Jenkins.get());
        assertEquals("job#1 text", CredentialsProvider.USES.poll(20, TimeUnit.SECONDS));
        held.used(null, new hudson.model.FakeAgent("CredentialsTest", null));
        assertEquals("CredentialsTest text", CredentialsProvider.USES.poll(20, TimeUnit.SECONDS));
        // A node that is gone meanwhile harms nobody.
        held.used(null, null);
        held.used(new FakeRun("job", "job#2"), null);
        assertEquals("job#2 text", CredentialsProvider.USES.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void a_reference_shows_its_id_and_is_equal_by_it() {
        assertEquals(ref("a"), CredentialRef.either(null, "a", secret -> {}));
        assertFalse(ref("a").equals(ref("b")));
        assertEquals("credential a", ref("a").toString());
        assertEquals(null, CredentialRef.either(null, null, Tokens::check));
    }

    private static String code(String sentence) {
        return sentence.substring(sentence.lastIndexOf('['));
    }
}
