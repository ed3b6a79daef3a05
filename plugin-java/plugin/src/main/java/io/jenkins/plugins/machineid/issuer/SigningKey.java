// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.jenkins.plugins.machineid.Messages;
import java.text.ParseException;
import java.util.Map;

/** One RSA key for RS256, known by its thumbprint (RFC 7638). Its text form has no secret. */
final class SigningKey {
    private static final int BITS = 2048;

    private final RSAKey key;

    private SigningKey(RSAKey key) {
        this.key = key;
    }

    static SigningKey make() {
        try {
            return new SigningKey(new RSAKeyGenerator(BITS)
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.RS256)
                    .keyIDFromThumbprint(true)
                    .generate());
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * @param stored of {@link #stored}
     * @throws ParseException when it isn't such a key; the message tells nothing of its content
     */
    static SigningKey parse(Map<String, Object> stored) throws ParseException {
        try {
            RSAKey key = RSAKey.parse(stored);
            boolean ours = key.getPrivateExponent() != null
                    && key.size() >= BITS
                    && JWSAlgorithm.RS256.equals(key.getAlgorithm())
                    && key.computeThumbprint().toString().equals(key.getKeyID());
            // A wrong signature of a damaged key can give the key away: so the first one stays here.
            if (ours && signs(key)) {
                return new SigningKey(key);
            }
        } catch (ParseException | JOSEException | RuntimeException e) {
            // The library's messages could quote what they couldn't read.
        }
        throw new ParseException("no RSA key for RS256", 0);
    }

    /**
     * A key that somebody else has made.
     *
     * @throws IllegalArgumentException with a sentence that repeats nothing of the text
     */
    static SigningKey ofPem(String text) {
        RSAKey given = PemKey.read(text);
        if (given.size() < BITS) {
            throw new IllegalArgumentException(Messages.Issuer_keySmall(String.valueOf(given.size()), String.valueOf(BITS)));
        }
        try {
            RSAKey key = new RSAKey.Builder(given)
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.RS256)
                    .keyIDFromThumbprint()
                    .build();
            if (signs(key)) {
                return new SigningKey(key);
            }
        } catch (JOSEException | RuntimeException e) {
            // The library's messages could quote what they couldn't use.
        }
        throw new IllegalArgumentException(Messages.Issuer_keyDamaged());
    }

    private static boolean signs(RSAKey key) throws JOSEException {
        JWSObject trial = new JWSObject(new JWSHeader(JWSAlgorithm.RS256), new Payload("trial"));
        trial.sign(new RSASSASigner(key));
        return trial.verify(new RSASSAVerifier(key.toRSAPublicKey()));
    }

    /** Secret. */
    Map<String, Object> stored() {
        return key.toJSONObject();
    }

    JWK published() {
        return key.toPublicJWK();
    }

    String id() {
        return key.getKeyID();
    }

    /** Compact form. */
    String sign(Map<String, Object> claims) {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256)
                .type(JOSEObjectType.JWT)
                .keyID(id())
                .build();
        JWSObject statement = new JWSObject(header, new Payload(claims));
        try {
            statement.sign(new RSASSASigner(key));
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
        return statement.serialize();
    }

    @Override
    public String toString() {
        return "key " + id();
    }
}
