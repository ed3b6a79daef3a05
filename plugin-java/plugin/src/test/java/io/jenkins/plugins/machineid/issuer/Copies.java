// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;

/** A key store of a test, whose copies can fail. */
final class Copies {
    final Copy main = new Copy("main");
    final Copy spare = new Copy("spare");
    final Copy published = new Copy("published");
    final KeyStore store;

    Copies(Path home) {
        store = new KeyStore(() -> home, main, spare);
    }

    /** As after a restart: reads from the store. */
    SigningKeys keys(Clock clock) {
        return new SigningKeys(store, published, clock);
    }

    static final class Copy extends KeyStore.Copy {
        byte[] content;
        boolean unreadable;
        boolean full;
        int reads;

        private Copy(String id) {
            super(id);
        }

        @Override
        byte[] read() throws IOException {
            reads++;
            if (unreadable) {
                throw new IOException("Failed to load the key: " + getId());
            }
            return content == null ? null : content.clone();
        }

        /** In place, as Jenkins' store does: what fails has destroyed what was there. */
        @Override
        void write(byte[] payload) throws IOException {
            if (full) {
                content = null;
                throw new IOException("No space left on device");
            }
            content = payload.clone();
        }
    }
}
