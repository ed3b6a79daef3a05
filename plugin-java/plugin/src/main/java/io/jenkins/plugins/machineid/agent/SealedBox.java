// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Carries a join token to the agent so that neither the remoting stream nor an object there holds its text.
 *
 * <p>The agent makes an X25519 key pair per JVM; the controller seals to its public half with a key pair of one use.
 * The channel stays what proves who is who; this only keeps the token out of payloads, logs and heaps.
 */
public final class SealedBox {
    private static final int PUBLIC_LENGTH = 44;
    private static final int TAG_LENGTH = 16;

    private final KeyPair pair;

    SealedBox() {
        this.pair = generate();
    }

    byte[] publicKey() {
        return pair.getPublic().getEncoded();
    }

    /** Seals to the holder of a public key. The plain text stays the caller's to wipe. */
    public static byte[] seal(byte[] publicKey, byte[] plain) throws GeneralSecurityException {
        KeyPair once = generate();
        byte[] sender = once.getPublic().getEncoded();
        byte[] box = cipher(Cipher.ENCRYPT_MODE, once.getPrivate(), publicKey, sender, publicKey)
                .doFinal(plain);
        byte[] sealed = Arrays.copyOf(sender, sender.length + box.length);
        System.arraycopy(box, 0, sealed, sender.length, box.length);
        return sealed;
    }

    /** Opens what was sealed to this pair. The caller wipes the result. */
    byte[] open(byte[] sealed) throws GeneralSecurityException {
        if (sealed.length <= PUBLIC_LENGTH + TAG_LENGTH) {
            throw new GeneralSecurityException("sealed text of " + sealed.length + " bytes is too short");
        }
        byte[] sender = Arrays.copyOf(sealed, PUBLIC_LENGTH);
        // Into an array of ours: the cipher would leave one of its own behind where it has to copy.
        byte[] plain = new byte[sealed.length - PUBLIC_LENGTH - TAG_LENGTH];
        cipher(Cipher.DECRYPT_MODE, pair.getPrivate(), sender, sender, publicKey())
                .doFinal(sealed, PUBLIC_LENGTH, sealed.length - PUBLIC_LENGTH, plain, 0);
        return plain;
    }

    private static Cipher cipher(int mode, PrivateKey mine, byte[] theirs, byte[] sender, byte[] receiver)
            throws GeneralSecurityException {
        PublicKey other = KeyFactory.getInstance("X25519").generatePublic(new X509EncodedKeySpec(theirs));
        KeyAgreement agreement = KeyAgreement.getInstance("X25519");
        agreement.init(mine);
        agreement.doPhase(other, true);
        byte[] shared = agreement.generateSecret();
        MessageDigest hash = Hashes.sha256();
        hash.update(shared);
        hash.update(sender);
        byte[] key = hash.digest(receiver);
        Arrays.fill(shared, (byte) 0);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        // A fixed nonce is right here: each key seals exactly one text.
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, new byte[12]));
        Arrays.fill(key, (byte) 0);
        return cipher;
    }

    private static KeyPair generate() {
        try {
            return KeyPairGenerator.getInstance("X25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
