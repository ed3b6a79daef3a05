// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.util.FormValidation;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import java.util.Arrays;
import java.util.Objects;

/** What identities and agents have in common about secret tokens. */
public final class Tokens {
    private Tokens() {}

    /** Null when there is nothing in it. */
    public static Secret orNull(Secret secret) {
        return secret == null || secret.getPlainText().isEmpty() ? null : secret;
    }

    /** @param token null: none */
    public static void check(Secret token) {
        if (token != null) {
            read(token);
        }
    }

    /** Also tells what was understood of a joining URI, without its secret. */
    public static FormValidation form(Secret token) {
        try {
            JoinUri uri = read(token);
            return uri == null ? FormValidation.ok() : FormValidation.ok(uri.sentence());
        } catch (IllegalArgumentException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    /**
     * A joining URI of another cluster is refused, where it can be told.
     *
     * @param name the cluster's, for the reader
     * @param kind {@code proxy} or {@code auth}
     */
    public static void checkCluster(Secret token, String name, String address, String kind) {
        JoinUri uri = token == null ? null : JoinUri.read(token.getPlainText());
        if (uri != null && uri.isElsewhere(address, kind)) {
            throw new IllegalArgumentException(Messages.JoinUri_elsewhere(uri.address(), name, address));
        }
    }

    /** @param ways each one of the ways to give a token; null: not that one */
    public static void onlyOne(Object... ways) {
        if (Arrays.stream(ways).filter(Objects::nonNull).count() > 1) {
            throw new IllegalArgumentException(Messages.Check_tokenTwice());
        }
    }

    /** @return what it says, if it is a joining URI */
    private static JoinUri read(Secret token) {
        String text = token.getPlainText();
        Checks.token(text);
        JoinUri uri = JoinUri.read(text);
        if (uri != null && !uri.holdsSecret()) {
            throw new IllegalArgumentException(Messages.JoinUri_otherMethod(uri.method(), uri.name()));
        }
        return uri;
    }
}
