// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SealedBoxTest {
    private final SealedBox box = new SealedBox();
    private final byte[] token = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);

    @Test
    void what_is_sealed_can_be_opened_by_the_holder_only() throws GeneralSecurityException {
        byte[] sealed = SealedBox.seal(box.publicKey(), token);
        assertArrayEquals(token, box.open(sealed));
        assertThrows(GeneralSecurityException.class, () -> new SealedBox().open(sealed));
    }

    @Test
    void the_sealed_bytes_hold_no_piece_of_the_text_and_differ_each_time() throws GeneralSecurityException {
        byte[] first = SealedBox.seal(box.publicKey(), token);
        assertFalse(new String(first, StandardCharsets.ISO_8859_1).contains("0123"));
        assertFalse(Arrays.equals(first, SealedBox.seal(box.publicKey(), token)));
    }

    @Test
    void changed_short_and_foreign_bytes_are_refused() throws GeneralSecurityException {
        byte[] sealed = SealedBox.seal(box.publicKey(), token);
        for (int at = 0; at < sealed.length; at++) {
            byte[] changed = sealed.clone();
            changed[at] ^= 1;
            assertRefusedOrEqual(changed);
        }
        assertThrows(GeneralSecurityException.class, () -> box.open(new byte[0]));
        assertThrows(GeneralSecurityException.class, () -> box.open(Arrays.copyOf(sealed, 44)));
        assertThrows(GeneralSecurityException.class, () -> SealedBox.seal(new byte[44], token));
    }

    private void assertRefusedOrEqual(byte[] changed) {
        assertThrows(GeneralSecurityException.class, () -> box.open(changed));
    }
}
