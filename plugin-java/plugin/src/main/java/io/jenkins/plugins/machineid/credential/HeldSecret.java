// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import hudson.model.Node;
import hudson.model.Run;
import hudson.util.Secret;
import io.jenkins.plugins.machineid.Messages;
import java.util.function.Consumer;

/** What a credential held when it was asked. */
public final class HeldSecret {
    private final String id;
    private final Secret secret;
    private final Object credential;

    /** @param credential Jenkins' object, of a plugin that may not be there: hence without its type */
    HeldSecret(String id, Secret secret, Object credential) {
        this.id = id;
        this.secret = secret;
        this.credential = credential;
    }

    public Secret secret() {
        return secret;
    }

    /**
     * Holds it against a rule of the field that it stands for.
     *
     * @param rule throws {@link IllegalArgumentException} with a sentence that repeats nothing of the secret
     */
    public void require(Consumer<Secret> rule) throws CredentialTrouble {
        try {
            rule.accept(secret);
        } catch (IllegalArgumentException e) {
            throw new CredentialTrouble(Messages.Credential_content(id, e.getMessage()));
        }
    }

    /** Whether Jenkins gives it to jobs, too. */
    public boolean isForJobs() {
        return CredentialStore.isForJobs(credential);
    }

    /**
     * Has Jenkins note that it is used: soon, on another thread.
     *
     * @param run null: none, then the node's use is noted
     */
    public void used(Run<?, ?> run, Node node) {
        Credentials.note(() -> CredentialStore.track(credential, run, node));
    }
}
