// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.util.Secret;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JoinUriTest {
    private static final String BOUND = "tbot+proxy+bound-keypair://jenkins:s3cret@teleport.example.com:443";

    @Test
    void a_uri_is_told_without_its_secret() {
        JoinUri uri = JoinUri.read(BOUND);
        assertEquals("bound_keypair", uri.method());
        assertEquals("teleport.example.com:443", uri.address());
        assertTrue(uri.sentence().contains("method bound_keypair, token jenkins, proxy teleport.example.com:443"), uri.sentence());
        String token = JoinUri.read("tbot+auth+token://s3cret@auth.example.com:3025").sentence();
        assertTrue(token.contains("method token, auth auth.example.com:3025"), token);
        for (String sentence : new String[] {uri.sentence(), token}) {
            assertFalse(sentence.contains("s3cret"), sentence);
        }
        assertEquals("a b%", assertDoesNotThrow(() -> JoinUri.read("tbot+proxy+gcp://a%21b%25@t:1")).name().replace('!', ' '));
    }

    /** Whoever reads it has a thread with a small stack. */
    @Test
    void a_long_name_is_no_overflow() {
        for (String part : new String[] {"a", "%41", "%"}) {
            String text = "tbot+proxy+x://" + part.repeat(100_000) + "@h:1";
            assertThrows(IllegalArgumentException.class, () -> JoinUri.read(text));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0123456789abcdef", "a:b@c", "tbot", "kube-token+x", "//x"})
    void a_plain_token_is_no_uri(String text) {
        assertNull(JoinUri.read(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "https://s3cret@teleport.example.com", "tbot+", "tbot+proxy+token://s3cret", "tbot+proxy+token://@t.example.com",
        "tbot+proxy+token://s3cret@", "tbot+web+token://s3cret@t.example.com", "tbot+proxy+://s3cret@t.example.com",
        "tbot+proxy+token+x://s3cret@t.example.com", "TBOT+PROXY+TOKEN://s3cret@t.example.com",
        "tbot+proxy+token://s3cret@t.example.com/path", "tbot+proxy+token://s3cret@t.example.com?x=1",
        "tbot+proxy+token://s3cret@t.example.com#x", "tbot+proxy+token://s3cret@a@t.example.com",
        "tbot+proxy+token://s3%0acret@t.example.com", "tbot+proxy+token://s3%cret@t.example.com",
        "tbot+proxy+token://s3cret:a:b/c@t.example.com", "tbot+proxy+token://s3cret@t.example.com:99999",
        "tbot+proxy+token://s3cret@t example.com", "tbot+proxy+token://s3cret@[::1", "tbot+proxy+token://s3cret@t.example.com\n"})
    void a_malformed_one_is_refused_and_not_repeated(String text) {
        String sentence = assertThrows(IllegalArgumentException.class, () -> JoinUri.read(text)).getMessage();
        assertFalse(sentence.contains("s3cret"), sentence);
    }

    /** Whatever is pasted is a URI, none, or refused. */
    @Test
    void any_text_has_an_answer() {
        Random random = new Random(11);
        String letters = "tbotproxyauh+:/@%?#[].-_0123456789\u0000 \u00fc";
        for (int round = 0; round < 50_000; round++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? BOUND : "");
            for (int edit = random.nextInt(8); edit >= 0; edit--) {
                text.insert(random.nextInt(text.length() + 1), letters.charAt(random.nextInt(letters.length())));
            }
            try {
                JoinUri uri = JoinUri.read(text.toString());
                assertTrue(uri == null || uri.sentence().chars().noneMatch(c -> c < 0x20), text::toString);
            } catch (IllegalArgumentException refused) {
                assertTrue(refused.getMessage().length() < 600, text::toString);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "teleport.example.com:443, proxy, false",
        "TELEPORT.example.com, proxy, false",
        "teleport.example.com, proxy, false",
        "teleport.example.com:3080, proxy, true",
        "other.example.com:443, proxy, true",
        "other.example.com, proxy, true",
        "auth.example.com:3025, auth, false"})
    void another_clusters_address_is_seen(String address, String kind, boolean elsewhere) {
        TokenJoin join = new TokenJoin();
        join.setToken(Secret.fromString(BOUND));
        if (elsewhere) {
            String sentence = assertThrows(
                            IllegalArgumentException.class, () -> join.checkCluster("main", address, kind))
                    .getMessage();
            assertTrue(sentence.contains("teleport.example.com:443") && sentence.contains(address), sentence);
            assertFalse(sentence.contains("s3cret"), sentence);
        } else {
            join.checkCluster("main", address, kind);
        }
    }

    @Test
    void a_uri_with_a_secret_belongs_where_secrets_are_kept() {
        TokenJoin token = new TokenJoin();
        token.setToken(Secret.fromString(BOUND));
        assertTrue(token.keepsSecret());
        assertEquals(Secret.fromString(BOUND), token.request(null, null).get("token"));
        String name = assertThrows(IllegalArgumentException.class, () -> new IamJoin().setTokenName(BOUND)).getMessage();
        assertFalse(name.contains("s3cret"), name);
        String iam = "tbot+proxy+iam://jenkins-iam@teleport.example.com:443";
        String other = assertThrows(IllegalArgumentException.class, () -> token.setToken(Secret.fromString(iam))).getMessage();
        assertTrue(other.contains("method iam") && other.contains("'jenkins-iam'"), other);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> new IamJoin().setTokenName(iam))
                .getMessage()
                .endsWith("jenkins-iam"));
    }
}
