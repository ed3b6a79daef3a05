// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

/** Why nothing can be signed: one sentence for people, which names no secret. */
public class IssuerFailure extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    IssuerFailure(String sentence) {
        super(sentence);
    }
}
