// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What an identity is called: {@code api} is an administrator's, {@code team-b/api} the one of id {@code api} that folder
 * {@code team-b} defines. No id has a slash, so that no folder can give an identity another one's name.
 */
public final class IdentityName {
    /** In place of an id that has it: each of a folder's. */
    public static final String EACH = "*";

    /** Too many to try: a folder's name may hold whatever leads to another one's digest, and is left out of what is read. */
    private static final int DIGEST_BYTES = 10;

    private IdentityName() {}

    /** @param folder full name; empty: an administrator's */
    public static String of(String folder, String id) {
        return folder.isEmpty() ? id : folder + "/" + id;
    }

    /** Full name of the folder that defines it; empty: an administrator does. */
    public static String folder(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('/')));
    }

    public static String id(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    /**
     * The name where only an id may stand, as in the library and as a bot's name: an administrator's as it is, a folder's
     * with a digest, so that folders which are spelled alike don't meet.
     */
    public static String plain(String name) {
        if (folder(name).isEmpty()) {
            return name;
        }
        String digest = HexFormat.of().formatHex(digest(name), 0, DIGEST_BYTES);
        String readable = name.replaceAll("[^A-Za-z0-9._-]", "-");
        int longest = Vocabulary.limit("identity_id_length") - digest.length() - 1;
        String end = readable.substring(Math.max(0, readable.length() - longest)).replaceFirst("^[^A-Za-z0-9]+", "");
        // An id may end in nothing but signs: a name that begins with one is an option of a command.
        return (end.isEmpty() ? "folder" : end) + "-" + digest;
    }

    private static byte[] digest(String name) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
