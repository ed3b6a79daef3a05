// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import io.jenkins.plugins.machineid.Messages;

/** The steps of a rotation, in their order. */
public enum RotationStep {
    /** Make the first key, where there is none: it signs, and nothing is rotated. */
    FIRST,

    /** Make the next key and publish it beside the one that signs: now token resources are given both. */
    PUBLISH,

    /** Sign with the next key. The old one stays published, for statements that were signed a moment before. */
    SIGN,

    /** Publish the old key no more: it can be taken out of token resources. */
    DROP;

    /** As the page's button has it. */
    public String label() {
        return switch (this) {
            case FIRST -> Messages.Setup_keysFirst();
            case PUBLISH -> Messages.Setup_keysPublish();
            case SIGN -> Messages.Setup_keysSign();
            case DROP -> Messages.Setup_keysDrop();
        };
    }
}
