// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.JWK;
import io.jenkins.plugins.machineid.Messages;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Keys made on first use, and kept by Jenkins' own secret store. What is kept holds on through any failure, and the next
 * call tries again.
 */
final class MadeKeys implements KeySource {
    private static final Logger LOGGER = Logger.getLogger(MadeKeys.class.getName());

    /** How long what a look into the store has shown is good enough for strangers. */
    private static final Duration LOOK = Duration.ofMinutes(1);

    private final KeyStore store;
    private final Clock clock;

    /** Null: not read so far, or there are none. */
    private KeyRing ring;

    /** When the store was last looked into, with nothing found; null: never. */
    private Instant looked;

    /** Why nothing was found then; null: there was nothing. */
    private String fault;

    MadeKeys(KeyStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    @Override
    public SigningKey current() {
        return needed().current().key();
    }

    /** Made if there are none yet. */
    @Override
    public List<JWK> published() {
        return published(needed());
    }

    /** Nobody's requests make keys, or have files read more than once in a while. */
    @Override
    public synchronized List<JWK> known() {
        boolean recent = ring == null && looked != null && clock.instant().isBefore(looked.plus(LOOK));
        if (recent && fault != null) {
            throw new IssuerFailure(fault);
        }
        KeyRing found = recent ? null : found();
        return found == null ? List.of() : published(found);
    }

    /** The one that signs, if there are keys; null: none, or they can't be read. */
    synchronized JWK signing() {
        try {
            KeyRing found = found();
            return found == null ? null : found.current().key().published();
        } catch (IssuerFailure e) {
            return null;
        }
    }

    @Override
    public KeyState state() {
        KeyRing found = found();
        return found == null ? KeyState.NONE : KeyState.of(found, IssuerConfiguration.get().schedule());
    }

    @Override
    public synchronized void rotate(RotationStep step) {
        KeyRing before = found();
        RotationStep next = before == null ? RotationStep.FIRST : before.nextStep();
        if (step != next) {
            throw new IssuerFailure(Messages.Issuer_otherStep(next.label()));
        }
        if (before == null) {
            needed();
            return;
        }
        KeyRing after = before.after(step, step == RotationStep.PUBLISH ? SigningKey.make() : null, clock.instant());
        keep(after);
        LOGGER.log(Level.INFO, "Signing keys: {0} done, {1}", new Object[] {step, after});
    }

    /** None where no keys were needed so far. */
    @Override
    public synchronized void rotateIfDue(RotationSchedule schedule) {
        KeyRing found = found();
        Instant due = found == null ? null : found.due(schedule);
        if (due != null && !clock.instant().isBefore(due)) {
            rotate(found.nextStep());
        }
    }

    private synchronized KeyRing needed() {
        if (found() == null) {
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

    private synchronized KeyRing found() {
        if (ring == null) {
            looked = clock.instant();
            fault = null;
            try {
                ring = store.load();
            } catch (IssuerFailure e) {
                fault = e.getMessage();
                throw e;
            }
        }
        return ring;
    }

    private static List<JWK> published(KeyRing ring) {
        return ring.published().stream().map(SigningKey::published).toList();
    }
}
