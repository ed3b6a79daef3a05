// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.JWKSet;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.machineid.Messages;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The keys of this controller: made on first use, kept by Jenkins' own secret store. Whoever lets people change them
 * asks for the permission first. Each method throws {@link IssuerFailure} when the keys can't be read or kept; what is
 * kept by then holds on, and the next call tries again.
 */
@Extension
public class SigningKeys {
    private static final Logger LOGGER = Logger.getLogger(SigningKeys.class.getName());

    private final KeyStore store;
    private final Clock clock;

    /** Null: not read so far, or there are none. */
    private KeyRing ring;

    public SigningKeys() {
        this(KeyStore.ofJenkins(), Clock.systemUTC());
    }

    SigningKeys(KeyStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    public static SigningKeys get() {
        return ExtensionList.lookupSingleton(SigningKeys.class);
    }

    /** The public keys, as one line of JSON; made if there are none yet. */
    public String jwks() {
        return jwks(needed().published());
    }

    /** As {@link #jwks}, and an empty set while there are none: what a stranger asks for makes no keys. */
    String publicJwks() {
        KeyRing known = known();
        return jwks(known == null ? List.of() : known.published());
    }

    public KeyState state() {
        KeyRing known = known();
        return known == null ? KeyState.NONE : KeyState.of(known, IssuerConfiguration.get().schedule());
    }

    /**
     * Takes a step of a rotation.
     *
     * @param step the one that whoever asks has seen: another one is refused, for example at a second click
     */
    public synchronized KeyState rotate(RotationStep step) {
        KeyRing before = needed();
        if (step != before.nextStep()) {
            throw new IssuerFailure(Messages.Issuer_otherStep(before.nextStep()));
        }
        KeyRing after = before.after(step, step == RotationStep.PUBLISH ? SigningKey.make() : null, clock.instant());
        keep(after);
        LOGGER.log(Level.INFO, "Signing keys: {0} done, {1}", new Object[] {step, after});
        return state();
    }

    /** Takes the step that is due; none where no keys were needed so far. */
    synchronized void rotateIfDue(RotationSchedule schedule) {
        KeyRing known = known();
        Instant due = known == null ? null : known.due(schedule);
        if (due != null && !clock.instant().isBefore(due)) {
            rotate(known.nextStep());
        }
    }

    SigningKey current() {
        return needed().current().key();
    }

    private synchronized KeyRing needed() {
        if (known() == null) {
            keep(KeyRing.of(SigningKey.make(), clock.instant()));
        }
        return ring;
    }

    /** What couldn't be kept may be in the store even so: the next one who asks reads it again. */
    private void keep(KeyRing changed) {
        ring = null;
        store.save(changed);
        ring = changed;
    }

    private synchronized KeyRing known() {
        if (ring == null) {
            ring = store.load();
        }
        return ring;
    }

    private static String jwks(List<SigningKey> keys) {
        return new JWKSet(keys.stream().map(SigningKey::published).toList()).toString();
    }
}
