// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.RSAKey;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.PrivateKeyText;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Arrays;
import java.util.List;

/** An RSA key that somebody has written as PEM, in PKCS#8 or PKCS#1. Java's own factories read it. */
final class PemKey {
    private PemKey() {}

    /** @throws IllegalArgumentException with a sentence that repeats nothing of the text */
    static RSAKey read(String text) {
        PrivateKeyText pem = PrivateKeyText.read(text);
        byte[] bytes = pem.bytes();
        try {
            KeyFactory factory = KeyFactory.getInstance("RSA");
            if (of(factory, pem.label(), bytes) instanceof RSAPrivateCrtKey key) {
                RSAPublicKeySpec spec = new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent());
                return new RSAKey.Builder((RSAPublicKey) factory.generatePublic(spec)).privateKey(key).build();
            }
        } catch (GeneralSecurityException | RuntimeException e) {
            // Its message could quote what couldn't be read.
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
        throw new IllegalArgumentException(isOther(pem) ? Messages.Issuer_keyOther() : Messages.Issuer_keyDamaged());
    }

    private static PrivateKey of(KeyFactory factory, String label, byte[] bytes) throws GeneralSecurityException {
        return switch (label) {
            case "RSA PRIVATE KEY" -> (PrivateKey) factory.translateKey(new Pkcs1(bytes));
            case "PRIVATE KEY" -> factory.generatePrivate(new PKCS8EncodedKeySpec(bytes.clone()));
            default -> null;
        };
    }

    /** Whether it is a key of another kind, as far as can be told. */
    private static boolean isOther(PrivateKeyText pem) {
        if (pem.label().equals("RSA PRIVATE KEY")) {
            return false;
        }
        if (!pem.label().equals("PRIVATE KEY")) {
            return true;
        }
        byte[] bytes = pem.bytes();
        try {
            return List.of("EC", "EdDSA", "DSA", "RSASSA-PSS").stream().anyMatch(kind -> isOf(kind, bytes));
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private static boolean isOf(String kind, byte[] bytes) {
        try {
            return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(bytes.clone())) != null;
        } catch (GeneralSecurityException | RuntimeException e) {
            return false;
        }
    }

    /** The factory takes a key of another origin by the name of its format, and may wipe what it has read. */
    private record Pkcs1(byte[] bytes) implements PrivateKey {
        @Override
        public String getAlgorithm() {
            return "RSA";
        }

        @Override
        public String getFormat() {
            return "PKCS#1";
        }

        @Override
        public byte[] getEncoded() {
            return bytes.clone();
        }

        @Override
        public String toString() {
            return getFormat();
        }
    }
}
