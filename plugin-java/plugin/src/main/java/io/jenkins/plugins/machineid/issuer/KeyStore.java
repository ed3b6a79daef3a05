// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import io.jenkins.plugins.machineid.Messages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.security.ConfidentialKey;

/**
 * Keeps the keys in Jenkins' own secret store, which encrypts them below {@code secrets/}. It writes in place and says
 * of a damaged file that there is none: so there are two copies, and a note outside that there were keys.
 */
final class KeyStore {
    private static final Logger LOGGER = Logger.getLogger(KeyStore.class.getName());
    static final String NAME = SigningKeys.class.getName();

    private final Supplier<Path> home;
    private final Copy main;
    private final Copy spare;

    KeyStore(Supplier<Path> home, Copy main, Copy spare) {
        this.home = home;
        this.main = main;
        this.spare = spare;
    }

    static KeyStore ofJenkins() {
        return new KeyStore(
                () -> Jenkins.get().getRootDir().toPath(), new Copy(NAME + ".main"), new Copy(NAME + ".spare"));
    }

    /** One file of the secret store. */
    static class Copy extends ConfidentialKey {
        Copy(String id) {
            super(id);
        }

        /** Null: none, or a damaged one. */
        byte[] read() throws IOException {
            return load();
        }

        void write(byte[] payload) throws IOException {
            store(payload);
        }
    }

    /**
     * Null when there never were keys.
     *
     * @throws IssuerFailure when there were, and they can't be read: new ones are made only if the note is removed
     */
    KeyRing load() {
        List<IOException> failures = new ArrayList<>();
        KeyRing ring = read(main, failures);
        if (ring != null) {
            return ring;
        }
        ring = read(spare, failures);
        if (ring != null) {
            LOGGER.log(Level.WARNING, "The signing keys were read from their spare copy {0}", spare.getId());
            return ring;
        }
        if (!failures.isEmpty()) {
            throw unreadable(failures.get(0).getMessage());
        }
        if (Files.exists(note())) {
            throw unreadable(Messages.Issuer_keysGone());
        }
        return null;
    }

    /** @throws IssuerFailure when it can't be kept; then {@link #load} says whether it was, and never less than before */
    void save(KeyRing ring) {
        byte[] text = KeyRingText.write(ring);
        try {
            // One of the two is whole at each moment. The note last: it would forbid a second try at the first keys.
            spare.write(text);
            main.write(text);
            Files.write(note(), ring.current().key().id().getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new IssuerFailure(Messages.Issuer_keysUnsaved(e.getMessage()));
        } finally {
            Arrays.fill(text, (byte) 0);
        }
    }

    /** Null: none, or one that can't be read. */
    private static KeyRing read(Copy copy, List<IOException> failures) {
        byte[] text = {};
        try {
            text = copy.read();
            return text == null ? null : KeyRingText.read(text);
        } catch (IOException e) {
            failures.add(e);
            return null;
        } catch (ParseException e) {
            return null;
        } finally {
            if (text != null) {
                Arrays.fill(text, (byte) 0);
            }
        }
    }

    private IssuerFailure unreadable(String reason) {
        return new IssuerFailure(Messages.Issuer_keysUnreadable(reason, NAME, home.get()));
    }

    /** Holds the id of the key that signs; its presence is what counts. */
    private Path note() {
        return home.get().resolve(NAME + ".id");
    }
}
