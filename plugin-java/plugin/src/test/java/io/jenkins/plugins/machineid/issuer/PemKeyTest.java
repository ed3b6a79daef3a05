// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys as people have them, and what else is found where a key should be. */
class PemKeyTest {
    /** Of OpenSSL. */
    private static final Path FILES = Path.of("../../tests/fixtures/teleport-15/keys");

    private static String file(String name) throws Exception {
        return Files.readString(FILES.resolve(name));
    }

    /** The same key in both forms, and as an editor of Windows leaves it. */
    @Test
    void both_forms_are_read_as_openssl_writes_them() throws Exception {
        String pkcs1 = file("rsa.pkcs1.key");
        assertTrue(pkcs1.startsWith("-----BEGIN RSA PRIVATE KEY-----"), pkcs1.substring(0, 40));
        SigningKey key = SigningKey.ofPem(pkcs1);
        byte[] encoded = PemKey.read(pkcs1).toRSAPrivateKey().getEncoded();
        String pkcs8 = Pem.of("PRIVATE KEY", encoded);
        assertEquals(key.id(), SigningKey.ofPem(pkcs8).id());
        assertEquals(key.id(), SigningKey.ofPem("\r\n" + pkcs8.replace("\n", "\r\n")).id());
        JWSObject signed = JWSObject.parse(key.sign(Map.of("sub", "x")));
        assertTrue(signed.verify(new RSASSAVerifier(key.published().toRSAKey())));
        assertEquals(key.id(), signed.getHeader().getKeyID());
        assertEquals(key.published().computeThumbprint().toString(), key.id());
        assertFalse(key.published().isPrivate());
    }

    private record Wrong(String words, String text) {
        @Override
        public String toString() {
            return words;
        }
    }

    static Stream<Wrong> wrong() throws Exception {
        KeyPair rsa = Pem.pair("RSA", 2048);
        byte[] whole = rsa.getPrivate().getEncoded();
        byte[] bent = whole.clone();
        bent[bent.length - 20] ^= 1;
        byte[] cut = java.util.Arrays.copyOf(whole, whole.length - 9);
        return Stream.of(
                new Wrong("private key in PEM", "s3cret"),
                new Wrong("private key in PEM", Pem.of("PUBLIC KEY", rsa.getPublic().getEncoded())),
                new Wrong("private key in PEM", Pem.of("CERTIFICATE", whole)),
                new Wrong("private key in PEM", Pem.of("PRIVATE KEY", whole).replace("\n", " ")),
                new Wrong("private key in PEM", Pem.of("PRIVATE KEY", whole) + Pem.of("PRIVATE KEY", whole)),
                new Wrong("private key in PEM", "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----"),
                new Wrong("passphrase", Pem.of("ENCRYPTED PRIVATE KEY", whole)),
                new Wrong(
                        "passphrase",
                        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
                                + "AAAA\n-----END RSA PRIVATE KEY-----\n"),
                new Wrong("another kind", Pem.of("PRIVATE KEY", Pem.pair("EC", 256).getPrivate().getEncoded())),
                new Wrong("another kind", Pem.of("PRIVATE KEY", Pem.pair("Ed25519", 255).getPrivate().getEncoded())),
                new Wrong("another kind", Pem.of("EC PRIVATE KEY", whole)),
                new Wrong("another kind", Pem.of("OPENSSH PRIVATE KEY", whole)),
                new Wrong("1024 bits", Pem.of("PRIVATE KEY", Pem.pair("RSA", 1024).getPrivate().getEncoded())),
                new Wrong("damaged", Pem.of("PRIVATE KEY", bent)),
                new Wrong("damaged", Pem.of("PRIVATE KEY", cut)),
                new Wrong("damaged", Pem.of("RSA PRIVATE KEY", whole)),
                new Wrong("damaged", Pem.of("PRIVATE KEY", new byte[40])));
    }

    @ParameterizedTest
    @MethodSource
    void wrong(Wrong wrong) {
        String told = assertThrows(IllegalArgumentException.class, () -> SigningKey.ofPem(wrong.text)).getMessage();
        assertTrue(told.contains(wrong.words), told);
        String body = wrong.text.lines().filter(line -> !line.startsWith("-----")).findFirst().orElse("s3cret");
        assertFalse(told.contains("s3cret") || body.length() > 8 && told.contains(body), told);
    }

    @Test
    void its_text_forms_show_nothing() throws Exception {
        String pem = Pem.of("PRIVATE KEY", Pem.pair("RSA", 2048).getPrivate().getEncoded());
        SigningKey key = SigningKey.ofPem(pem);
        assertEquals("key " + key.id(), key.toString());
        String shown = io.jenkins.plugins.machineid.field.PrivateKeyText.read(pem).toString();
        assertEquals("PRIVATE KEY", shown);
        assertFalse(shown.contains(Base64.getEncoder().encodeToString(new byte[] {1})));
    }
}
