// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.credential.CredentialRef;
import io.jenkins.plugins.machineid.credential.CredentialTrouble;
import io.jenkins.plugins.machineid.credential.Credentials;
import io.jenkins.plugins.machineid.credential.HeldSecret;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import jenkins.model.Jenkins;

/**
 * A signing key, read from the credential that holds it.
 *
 * @param isForJobs whether Jenkins gives the credential to jobs, too
 */
record CredentialKey(SigningKey key, boolean isForJobs) {
    /** Whose use was noted since Jenkins has started: each statement would be too often. */
    private static final Set<String> NOTED = ConcurrentHashMap.newKeySet();

    /**
     * What the credential holds now; waits for its provider for a bounded time.
     *
     * @throws IssuerFailure with one sentence, in which nothing of the content is
     */
    static CredentialKey read(String credentialsId) {
        AtomicReference<SigningKey> key = new AtomicReference<>();
        CredentialRef ref =
                CredentialRef.of(credentialsId, content -> key.set(SigningKey.ofPem(content.getPlainText())));
        try {
            HeldSecret held = Credentials.read(ref);
            if (NOTED.add(credentialsId)) {
                held.used(null, Jenkins.get());
            }
            return new CredentialKey(key.get(), held.isForJobs());
        } catch (CredentialTrouble e) {
            throw new IssuerFailure(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IssuerFailure(Messages.Issuer_interrupted(credentialsId));
        }
    }
}
