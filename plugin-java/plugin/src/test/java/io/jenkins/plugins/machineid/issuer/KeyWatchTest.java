// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertNull;

import com.cloudbees.plugins.credentials.FakeCredentials;
import hudson.ExtensionList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class KeyWatchTest extends HeldKeys {
    /** One look waits behind one that lasts: then nothing more is put into the queue. */
    @Test
    @Timeout(60)
    void keys_that_are_needed_are_made_however_busy_the_watch_is() throws Exception {
        SigningKeys others = SigningKeys.get();
        ExtensionList.set(SigningKeys.class, keys);
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        try {
            FakeCredentials.store(FakeCredentials.text("slow", () -> {
                asked.countDown();
                awaited(answers);
                return pemA;
            }));
            configure("slow", null);
            KeyWatch.soon();
            awaited(asked);
            KeyWatch.soon();
            configure(null, null);
            KeyWatch.needed();
            assertNull(copies.main.content);
            answers.countDown();
            while (copies.main.content == null) {
                Thread.sleep(20);
            }
        } finally {
            answers.countDown();
            ExtensionList.set(SigningKeys.class, others);
        }
    }

    private static void awaited(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
