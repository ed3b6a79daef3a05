// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import hudson.util.Secret;
import java.util.function.Consumer;

/**
 * A secret that isn't here: the id of the credential of Jenkins that holds it, and what its content has to be like.
 *
 * <p>Two of the same id are equal.
 */
public final class CredentialRef {
    private final String id;
    private final Consumer<Secret> rule;

    private CredentialRef(String id, Consumer<Secret> rule) {
        this.id = id;
        this.rule = rule;
    }

    /** @param rule throws {@link IllegalArgumentException} with a sentence that repeats nothing of the content */
    public static CredentialRef of(String id, Consumer<Secret> rule) {
        return new CredentialRef(id, rule);
    }

    /**
     * What a field of a secret and the field of a credential beside it say: a {@link Secret}, a {@link CredentialRef}, or
     * null when both are empty.
     */
    public static Object either(Secret secret, String credentialsId, Consumer<Secret> rule) {
        if (secret != null) {
            return secret;
        }
        return credentialsId == null ? null : new CredentialRef(credentialsId, rule);
    }

    public String id() {
        return id;
    }

    Consumer<Secret> rule() {
        return rule;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CredentialRef ref && ref.id.equals(id);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    @Override
    public String toString() {
        return "credential " + id;
    }
}
