// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What the system's credentials hold, where the plugins credentials and plain-credentials are. Whoever asks waits for a
 * bounded time only, whatever the providers do.
 */
public final class Credentials {
    /** For a store elsewhere that is asked over a network, and tries again. */
    static final long LIMIT_SECONDS = 20;

    static final boolean THERE = there();

    private static final Logger LOGGER = Logger.getLogger(Credentials.class.getName());
    private static final Lookups<HeldSecret> SECRETS = new Lookups<>("credential", 32, LIMIT_SECONDS, TimeUnit.SECONDS);
    /** What is noted doesn't wait behind providers that hang. */
    private static final Lookups<Void> NOTES = new Lookups<>("credential-use", 1, LIMIT_SECONDS, TimeUnit.SECONDS);

    private Credentials() {}

    /**
     * What the credential holds now. For threads that may wait, as long as {@link #LIMIT_SECONDS}.
     *
     * @throws CredentialTrouble with a sentence in which nothing of the content is, nor of what a provider said
     */
    public static HeldSecret read(CredentialRef ref) throws CredentialTrouble, InterruptedException {
        return read(ref, SECRETS);
    }

    static HeldSecret read(CredentialRef ref, Lookups<HeldSecret> lookups)
            throws CredentialTrouble, InterruptedException {
        String id = ref.id();
        try {
            Checks.credential(id);
        } catch (IllegalArgumentException e) {
            // It was in a config.xml, and isn't repeated.
            throw new CredentialTrouble(Messages.Credential_malformed());
        }
        if (!THERE) {
            throw new CredentialTrouble(Messages.Credential_plugin(id));
        }
        HeldSecret held;
        try {
            held = lookups.ask(id, () -> CredentialStore.read(id));
        } catch (TimeoutException e) {
            throw new CredentialTrouble(Messages.Credential_silent(id, LIMIT_SECONDS));
        } catch (ExecutionException e) {
            throw trouble(id, e.getCause());
        }
        held.require(ref.rule());
        return held;
    }

    /** Several may share what was thrown: each gets one of its own. */
    private static CredentialTrouble trouble(String id, Throwable theirs) {
        if (theirs instanceof CredentialTrouble known) {
            return new CredentialTrouble(known.getMessage());
        }
        LOGGER.log(Level.FINE, () -> "credential " + id + ": " + CredentialTrouble.places(theirs));
        return new CredentialTrouble(Messages.Credential_failed(id, theirs.getClass().getSimpleName()));
    }

    static void note(Runnable use) {
        NOTES.later(() -> {
            try {
                use.run();
            } catch (RuntimeException | LinkageError e) {
                LOGGER.log(Level.FINE, () -> "a credential's use isn't noted: " + CredentialTrouble.places(e));
            }
        });
    }

    private static boolean there() {
        try {
            ClassLoader loader = Credentials.class.getClassLoader();
            Class.forName("com.cloudbees.plugins.credentials.CredentialsProvider", false, loader);
            Class.forName("org.jenkinsci.plugins.plaincredentials.StringCredentials", false, loader);
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
