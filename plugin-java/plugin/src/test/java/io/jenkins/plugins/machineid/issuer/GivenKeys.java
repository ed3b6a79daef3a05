// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.text.ParseException;
import java.util.Base64;
import java.util.Map;

/** A controller's keys that others can sign with, too: the first two of the double's test keys. */
public final class GivenKeys {
    private static final Path POOL = Path.of(System.getProperty("machineid.contract", "../../contract"))
            .resolveSibling("tests/teleport-double/keys/rsa-pool-1.pem");

    private GivenKeys() {}

    /**
     * @param home  an empty folder
     * @param steps how many of a rotation were taken: none, or it is published, signs, is alone
     */
    static SigningKeys after(int steps, Path home) {
        Moment clock = new Moment();
        KeyRing ring = KeyRing.of(key(1), clock.instant());
        for (int step = 0; step < steps; step++) {
            ring = ring.after(ring.nextStep(), key(2), clock.instant());
        }
        Copies copies = new Copies(home);
        copies.store.save(ring);
        return copies.keys(clock);
    }

    /** The public ones, as the set-up page has them. */
    public static String jwks(int steps, Path home) {
        return after(steps, home).jwks();
    }

    /** What would be signed about an agent. */
    public static Map<String, Object> claims(StatementForm form, StatedNode node, String identity) {
        return AgentClaims.of(form, node, identity);
    }

    /** One, as a credential holds it. */
    public static String pem() {
        return Pem.rsa();
    }

    private static SigningKey key(int number) {
        try {
            String pem = Files.readString(POOL).split("-----BEGIN PRIVATE KEY-----")[number];
            byte[] der = Base64.getMimeDecoder().decode(pem.substring(0, pem.indexOf("-----")));
            KeyFactory factory = KeyFactory.getInstance("RSA");
            RSAPrivateCrtKey secret = (RSAPrivateCrtKey) factory.generatePrivate(new PKCS8EncodedKeySpec(der));
            RSAPublicKeySpec open = new RSAPublicKeySpec(secret.getModulus(), secret.getPublicExponent());
            RSAKey key = new RSAKey.Builder((java.security.interfaces.RSAPublicKey) factory.generatePublic(open))
                    .privateKey(secret)
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.RS256)
                    .keyIDFromThumbprint()
                    .build();
            return SigningKey.parse(key.toJSONObject());
        } catch (IOException | GeneralSecurityException | JOSEException | ParseException e) {
            throw new AssertionError(e);
        }
    }
}
