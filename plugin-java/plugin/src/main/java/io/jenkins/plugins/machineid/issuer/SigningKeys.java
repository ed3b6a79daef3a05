// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import hudson.Extension;
import hudson.ExtensionList;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;

/**
 * The keys of this controller: those that the configuration's credentials hold, or where it names none, keys of its own.
 * One doesn't stand in for the other: a credential that fails makes no key. Whoever lets people change them asks for the
 * permission first. Each method throws {@link IssuerFailure} when the keys can't be read or kept.
 */
@Extension
public class SigningKeys {
    private final MadeKeys made;
    private final CredentialKeys held;

    public SigningKeys() {
        this(KeyStore.ofJenkins(), new KeyStore.Copy(KeyStore.NAME + ".published"), Clock.systemUTC());
    }

    SigningKeys(KeyStore store, KeyStore.Copy published, Clock clock) {
        made = new MadeKeys(store, clock);
        held = new CredentialKeys(id -> CredentialKey.read(id).key(), published, clock, made);
    }

    public static SigningKeys get() {
        return ExtensionList.lookupSingleton(SigningKeys.class);
    }

    /** The public keys, as one line of JSON; made if there are none yet. Credentials are read, and waited for. */
    public String jwks() {
        return jwks(source() == held ? held.published() : with(made.published(), held.announced()));
    }

    /** As {@link #jwks}, of what is known: what a stranger asks for makes no keys, and asks no provider. */
    String publicJwks() {
        return jwks(source() == held ? held.known() : with(made.known(), held.knownAnnounced()));
    }

    /** Credentials are read, and waited for. */
    public KeyState state() {
        return source() == held ? held.state() : made.state().announcing(held.announced());
    }

    /**
     * Takes a step of a rotation.
     *
     * @param step the one that whoever asks has seen: another one is refused, for example at a second click
     */
    public void rotate(RotationStep step) {
        source().rotate(step);
    }

    /** Takes the step that is due; none where no keys were needed so far, or credentials hold them. */
    void rotateIfDue(RotationSchedule schedule) {
        source().rotateIfDue(schedule);
    }

    SigningKey current() {
        KeySource source = source();
        SigningKey key = source.current();
        if (source == made) {
            held.forgetWhereNoneSigns();
        }
        return key;
    }

    private KeySource source() {
        return IssuerConfiguration.get().signingCredential() == null ? made : held;
    }

    /** @param announced null: none */
    static List<JWK> with(List<JWK> keys, JWK announced) {
        boolean there = announced == null
                || keys.stream().anyMatch(key -> key.getKeyID().equals(announced.getKeyID()));
        return there ? keys : Stream.concat(keys.stream(), Stream.of(announced)).toList();
    }

    private static String jwks(List<JWK> keys) {
        return new JWKSet(keys).toString();
    }
}
