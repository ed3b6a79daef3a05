// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Read and verified by the JDK alone, with nothing but the published keys. */
class StatementsTest {
    @TempDir
    Path home;

    private final Moment clock = new Moment();
    private SigningKeys keys;

    @BeforeEach
    void start() {
        keys = new Copies(home).keys(clock);
    }

    @AfterEach
    void address() {
        Jenkins.get().rootUrl = "https://ci.example.com/";
    }

    private Statement sign(StatementForm form) {
        return Statements.sign(keys, clock, form, StatementFormTest.FACTS, "api", "teleport.example.com");
    }

    private static JSONObject part(String statement, int number) {
        return new JSONObject(new String(
                Base64.getUrlDecoder().decode(statement.split("\\.", -1)[number]), StandardCharsets.UTF_8));
    }

    /** @return whether the key of the statement's kid is in the set and has signed it */
    private static boolean verified(String statement, String jwks) throws GeneralSecurityException {
        String[] parts = statement.split("\\.", -1);
        assertEquals(3, parts.length);
        JSONObject header = part(statement, 0);
        assertEquals("RS256", header.getString("alg"));
        for (Object each : new JSONObject(jwks).getJSONArray("keys")) {
            JSONObject key = (JSONObject) each;
            if (key.getString("kid").equals(header.getString("kid"))) {
                Signature signature = Signature.getInstance("SHA256withRSA");
                signature.initVerify(publicKey(key));
                signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
                return signature.verify(Base64.getUrlDecoder().decode(parts[2]));
            }
        }
        return false;
    }

    private static PublicKey publicKey(JSONObject key) throws GeneralSecurityException {
        return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(
                new BigInteger(1, Base64.getUrlDecoder().decode(key.getString("n"))),
                new BigInteger(1, Base64.getUrlDecoder().decode(key.getString("e")))));
    }

    private static String text(Statement statement) {
        return new String(statement.token(), StandardCharsets.US_ASCII);
    }

    @Test
    void each_form_is_signed_by_the_published_key() throws GeneralSecurityException {
        for (StatementForm form : StatementForm.values()) {
            String statement = text(sign(form));
            assertTrue(verified(statement, keys.jwks()), form.name());
            assertEquals(Set.of("alg", "typ", "kid"), part(statement, 0).keySet());
            assertEquals("JWT", part(statement, 0).getString("typ"));
            int dot = statement.lastIndexOf('.') - 5;
            char other = statement.charAt(dot) == 'A' ? 'B' : 'A';
            String forged = statement.substring(0, dot) + other + statement.substring(dot + 1);
            assertFalse(verified(forged, keys.jwks()), "a changed claim");
        }
    }

    @Test
    void it_says_for_whom_and_for_how_long() {
        long now = clock.instant().getEpochSecond();
        for (StatementForm form : StatementForm.values()) {
            JSONObject claims = part(text(sign(form)), 1);
            assertEquals("https://ci.example.com/machine-id-issuer", claims.getString("iss"));
            assertEquals("teleport.example.com", claims.getString("aud"));
            assertEquals(now - 60, claims.getLong("iat"));
            assertEquals(now - 60, claims.getLong("nbf"));
            assertEquals(now + 300, claims.getLong("exp"));
            Set<String> about = new HashSet<>(claims.keySet());
            about.removeAll(Set.of("iss", "aud", "iat", "nbf", "exp", "jti"));
            assertEquals(form.claims(StatementFormTest.FACTS, "api").keySet(), about);
        }
    }

    @Test
    void claims_arrive_as_they_were_given() {
        BuildFacts odd = StatementFormTest.facts("t\u00e4m/<\"a\\:b>/\u03b2 #1", "", "", true);
        JSONObject claims = part(text(Statements.sign(keys, clock, StatementForm.GENERIC_OIDC, odd, "api", "c")), 1);
        JSONObject jenkins = claims.getJSONObject("jenkins");
        assertEquals(odd.job(), jenkins.getString("job"));
        assertEquals(42, jenkins.get("number"));
        assertEquals(true, jenkins.get("fork"));
        assertEquals(List.of("api", "linux"), jenkins.getJSONArray("labels").toList());
        JSONObject kubernetes = part(text(Statements.sign(keys, clock, StatementForm.KUBERNETES, odd, "api", "c")), 1);
        assertEquals(
                "system:serviceaccount:t\u00e4m/<\"a\\%3Ab>:\u03b2 #1@api", kubernetes.getString("sub"));
    }

    @Test
    void no_two_have_the_same_number() {
        Set<String> numbers = new HashSet<>();
        for (int round = 0; round < 50; round++) {
            Statement signed = sign(StatementForm.KUBERNETES);
            assertEquals(signed.id(), part(text(signed), 1).getString("jti"));
            numbers.add(signed.id());
        }
        assertEquals(50, numbers.size());
    }

    @Test
    void through_a_rotation_each_statement_is_signed_by_a_published_key() throws GeneralSecurityException {
        String before = text(sign(StatementForm.KUBERNETES));
        keys.rotate(RotationStep.PUBLISH);
        String given = keys.jwks();
        assertTrue(verified(text(sign(StatementForm.KUBERNETES)), given));
        keys.rotate(RotationStep.SIGN);
        String after = text(sign(StatementForm.KUBERNETES));
        assertTrue(verified(after, given), "whoever was given both keys notices nothing");
        assertTrue(verified(before, keys.jwks()), "signed a moment ago");
        keys.rotate(RotationStep.DROP);
        assertTrue(verified(after, keys.jwks()));
        assertFalse(verified(before, keys.jwks()));
    }

    @Test
    void without_an_address_nothing_is_signed() {
        for (String none : new String[] {null, "", " / "}) {
            Jenkins.get().rootUrl = none;
            IssuerFailure failure = assertThrows(IssuerFailure.class, () -> sign(StatementForm.KUBERNETES));
            assertTrue(failure.getMessage().endsWith("[issuer_address]"), failure.getMessage());
        }
    }

    @Test
    void nobody_and_nothing_get_no_statement() {
        assertThrows(
                IllegalArgumentException.class,
                () -> Statements.sign(keys, clock, StatementForm.GITLAB, StatementFormTest.FACTS, "api", " "));
        BuildFacts nobody = StatementFormTest.facts("", "", "", false);
        assertThrows(
                IllegalArgumentException.class,
                () -> Statements.sign(keys, clock, StatementForm.GITLAB, nobody, "api", "teleport.example.com"));
    }
}
