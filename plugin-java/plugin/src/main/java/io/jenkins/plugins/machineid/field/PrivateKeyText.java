// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import io.jenkins.plugins.machineid.Messages;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A private key as PEM writes it: one block, without a passphrase. Its text form shows nothing of it. */
public final class PrivateKeyText {
    private static final Pattern BLOCK = Pattern.compile(
            "\\s*-----BEGIN ((?:[A-Z0-9]+ )?PRIVATE KEY)-----[ \\t]*[\\r\\n]+"
                    + "([A-Za-z0-9+/=\\r\\n \\t]+)[\\r\\n]-----END \\1-----\\s*");

    private final String label;
    private final String body;

    private PrivateKeyText(String label, String body) {
        this.label = label;
        this.body = body;
    }

    /** @throws IllegalArgumentException with a sentence that repeats nothing of the text */
    public static PrivateKeyText read(String text) {
        if (text.contains("ENCRYPTED")) {
            throw new IllegalArgumentException(Messages.PrivateKey_encrypted());
        }
        Matcher block = BLOCK.matcher(text);
        if (!block.matches()) {
            throw new IllegalArgumentException(Messages.PrivateKey_form());
        }
        return new PrivateKeyText(block.group(1), block.group(2));
    }

    /** {@code PRIVATE KEY} (PKCS#8), {@code RSA PRIVATE KEY} (PKCS#1), or another kind's. */
    public String label() {
        return label;
    }

    /**
     * Secret; to be wiped by the caller.
     *
     * @throws IllegalArgumentException as {@link #read}
     */
    public byte[] bytes() {
        try {
            return Base64.getDecoder().decode(body.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            // The decoder's message quotes a character.
            throw new IllegalArgumentException(Messages.PrivateKey_form());
        }
    }

    @Override
    public String toString() {
        return label;
    }
}
