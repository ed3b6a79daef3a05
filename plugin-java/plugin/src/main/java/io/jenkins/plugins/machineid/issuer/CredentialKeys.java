// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.JWK;
import io.jenkins.plugins.machineid.Messages;
import java.io.IOException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Keys that credentials hold: read each time one signs, so that what an administrator changes there holds at once. No
 * private half is kept. The public ones are, in Jenkins' secret store, so that strangers are answered without asking a
 * provider, and a key that signed before is known for as long as it is published.
 */
final class CredentialKeys implements KeySource {
    private static final Logger LOGGER = Logger.getLogger(CredentialKeys.class.getName());

    private final Function<String, SigningKey> credentials;
    private final KeyStore.Copy store;
    private final Clock clock;
    private final MadeKeys made;

    /** Null: not read so far. */
    private KnownKeys seen;

    /** @param credentials reads one by its id */
    CredentialKeys(Function<String, SigningKey> credentials, KeyStore.Copy store, Clock clock, MadeKeys made) {
        this.credentials = credentials;
        this.store = store;
        this.clock = clock;
        this.made = made;
    }

    @Override
    public SigningKey current() {
        String id = credentialsId();
        SigningKey key = credentials.apply(id);
        signs(id, key.published());
        return key;
    }

    @Override
    public List<JWK> published() {
        current();
        announced();
        return seen().published(clock.instant(), announce());
    }

    /** Reads the key that is to sign later; null: none is configured. */
    JWK announced() {
        String id = IssuerConfiguration.get().announcedCredential();
        JWK key = id == null ? null : credentials.apply(id).published();
        synchronized (this) {
            forgetWhereNoneSigns();
            keep(seen().announcing(key, clock.instant()));
        }
        return key;
    }

    /** While a made key signs, what credentials held before is history: the next one's follows the made one. */
    synchronized void forgetWhereNoneSigns() {
        KnownKeys known = seen();
        if (IssuerConfiguration.get().signingCredential() == null && known.current() != null) {
            keep(new KnownKeys(null, known.next(), null));
        }
    }

    /** As {@link #announced} has last seen it; null: none. */
    JWK knownAnnounced() {
        KnownKeys.Held next = seen().next();
        return next == null || IssuerConfiguration.get().announcedCredential() == null ? null : next.key();
    }

    @Override
    public List<JWK> known() {
        KnownKeys known = seen();
        if (known.current() == null) {
            return before(known);
        }
        KnownKeys wished = knownAnnounced() == null ? known.announcing(null, clock.instant()) : known;
        return wished.published(clock.instant(), announce());
    }

    /** Until the credential is read that signs from now on, strangers are told what they were told before it did. */
    private List<JWK> before(KnownKeys known) {
        List<JWK> keys = SigningKeys.with(made.known(), known.next() == null ? null : known.next().key());
        if (keys.isEmpty()) {
            throw new IssuerFailure(Messages.Issuer_keyUnread(credentialsId()));
        }
        return keys;
    }

    @Override
    public KeyState state() {
        published();
        KnownKeys known = seen();
        if (known.current() == null) {
            throw new IssuerFailure(Messages.Issuer_changed());
        }
        KnownKeys.Held previous = known.previous(clock.instant(), announce());
        return new KeyState(
                known.current().key().getKeyID(),
                known.current().since(),
                "",
                previous == null ? "" : previous.key().getKeyID(),
                previous == null ? null : RotationStep.DROP,
                previous == null ? null : previous.since().plus(announce()),
                credentialsId(),
                known.next() == null ? "" : known.next().key().getKeyID());
    }

    /** Which keys there are is what the configuration says; the old one can be forgotten early. */
    @Override
    public synchronized void rotate(RotationStep step) {
        if (step != RotationStep.DROP || seen().previous(clock.instant(), announce()) == null) {
            throw new IssuerFailure(Messages.Issuer_byCredential());
        }
        keep(seen().withoutPrevious());
    }

    /** An old key's time is over by itself. */
    @Override
    public void rotateIfDue(RotationSchedule schedule) {}

    private synchronized void signs(String credentialsId, JWK key) {
        // It may have taken a while to be read: what was dropped meanwhile isn't published once more.
        if (!credentialsId.equals(IssuerConfiguration.get().signingCredential())) {
            throw new IssuerFailure(Messages.Issuer_changed());
        }
        KnownKeys before = seen();
        Instant now = clock.instant();
        KnownKeys after = before.signing(key, before.current() == null ? made.signing() : null, now);
        if (after != before) {
            boolean known = before.current() == null || before.next() != null && before.next().is(key);
            LOGGER.log(
                    known ? Level.INFO : Level.WARNING,
                    known
                            ? "Credential {0} holds the key that signs: {1}"
                            : "Credential {0} holds another key, which signs from now on and wasn''t published before: {1};"
                                    + " token resources that weren''t given it refuse joins",
                    new Object[] {credentialsId, key.getKeyID()});
            keep(after);
        }
    }

    /** Signing doesn't wait for a disk that is full: what isn't kept is seen again. */
    private void keep(KnownKeys changed) {
        if (changed == seen) {
            return;
        }
        seen = changed;
        try {
            store.write(changed.text());
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "Jenkins'' secret store can''t keep the public keys: {0}", e.getMessage());
        }
    }

    /** What is damaged counts as not seen: there is no secret in it, and the credentials tell it anew. */
    private synchronized KnownKeys seen() {
        if (seen == null) {
            KnownKeys stored = KnownKeys.NONE;
            try {
                byte[] text = store.read();
                stored = text == null ? KnownKeys.NONE : KnownKeys.read(text);
            } catch (IOException | ParseException e) {
                LOGGER.log(Level.WARNING, "The public keys can''t be read: {0}", e.getMessage());
            }
            seen = stored;
        }
        return seen;
    }

    private static String credentialsId() {
        String id = IssuerConfiguration.get().signingCredential();
        if (id == null) {
            throw new IssuerFailure(Messages.Issuer_changed());
        }
        return id;
    }

    private static Duration announce() {
        return IssuerConfiguration.get().announce();
    }
}
