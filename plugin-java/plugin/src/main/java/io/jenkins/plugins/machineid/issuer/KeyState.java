// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.JWK;
import java.time.Instant;

/**
 * The keys as pages show them; ids only.
 *
 * @param signing  empty: no keys were needed so far
 * @param since    when it began to sign; null as above
 * @param next     published, signs later; empty: none
 * @param previous published, signs no more; empty: none
 * @param step     the one that {@link SigningKeys#rotate} takes next; null: none
 * @param due      when it is taken by itself; null: only by hand
 * @param credential that holds the one that signs; empty: it was made here
 * @param announced held by a credential, published, signs later; empty: none
 */
public record KeyState(
        String signing,
        Instant since,
        String next,
        String previous,
        RotationStep step,
        Instant due,
        String credential,
        String announced) {
    static final KeyState NONE = new KeyState("", null, "", "", RotationStep.FIRST, null, "", "");

    static KeyState of(KeyRing ring, RotationSchedule schedule) {
        return new KeyState(
                ring.current().key().id(),
                ring.current().since(),
                id(ring.next()),
                id(ring.previous()),
                ring.nextStep(),
                ring.due(schedule),
                "",
                "");
    }

    /** @param key null: none */
    KeyState announcing(JWK key) {
        return new KeyState(
                signing, since, next, previous, step, due, credential, key == null ? "" : key.getKeyID());
    }

    private static String id(KeyRing.Held held) {
        return held == null ? "" : held.key().id();
    }
}
