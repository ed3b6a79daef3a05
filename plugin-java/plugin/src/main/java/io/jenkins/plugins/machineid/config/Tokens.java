// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;

/** What identities and agents have in common about join tokens. */
final class Tokens {
    private Tokens() {}

    /** Null when there is none. */
    static Secret checked(Secret token) {
        if (token == null || token.getPlainText().isEmpty()) {
            return null;
        }
        Checks.token(token.getPlainText());
        return token;
    }

    static String checkedFile(String path) {
        String trimmed = Texts.orNull(path);
        if (trimmed != null) {
            Checks.absolutePath(trimmed);
        }
        return trimmed;
    }

    static void notBoth(Secret token, String tokenFile) {
        if (token != null && tokenFile != null) {
            throw new IllegalArgumentException(Messages.Check_tokenTwice());
        }
    }
}
