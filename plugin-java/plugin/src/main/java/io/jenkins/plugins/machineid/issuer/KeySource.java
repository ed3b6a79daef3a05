// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import com.nimbusds.jose.jwk.JWK;
import java.util.List;

/** Where keys come from. Each method throws {@link IssuerFailure} when the keys can't be had. */
interface KeySource {
    /** The one that signs now; may wait for it. */
    SigningKey current();

    /** All that are to be published, the one that signs first; may wait for them. */
    List<JWK> published();

    /** The same for a stranger, who is told what is known, and for whom nothing is made, asked or read over and over. */
    List<JWK> known();

    /** May wait. */
    KeyState state();

    /** @param step the one that whoever asks has seen */
    void rotate(RotationStep step);

    /** Takes the step that is due, if one is. */
    void rotateIfDue(RotationSchedule schedule);
}
