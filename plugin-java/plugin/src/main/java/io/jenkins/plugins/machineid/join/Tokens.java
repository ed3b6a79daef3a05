// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Texts;

/** What identities and agents have in common about join tokens. */
public final class Tokens {
    private Tokens() {}

    /** Null when there is none. */
    public static Secret checked(Secret token) {
        if (token == null || token.getPlainText().isEmpty()) {
            return null;
        }
        Checks.token(token.getPlainText());
        return token;
    }

    public static String checkedFile(String path) {
        String trimmed = Texts.orNull(path);
        if (trimmed != null) {
            Checks.absolutePath(trimmed);
        }
        return trimmed;
    }

    public static void notBoth(Secret token, String tokenFile) {
        if (token != null && tokenFile != null) {
            throw new IllegalArgumentException(Messages.Check_tokenTwice());
        }
    }
}
