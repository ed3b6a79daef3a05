// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import io.jenkins.plugins.machineid.Messages;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A cluster's address as people have it: HOST:PORT, or the URL that their browser shows. */
public final class Address {
    private static final Pattern URL = Pattern.compile("(?s)(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?<authority>[^/?#]*).*");
    private static final Pattern PORT = Pattern.compile(":\\d+$");
    private static final String HTTPS_PORT = ":443";

    private Address() {}

    /**
     * HOST:PORT of a URL; anything else as it is, for {@link Checks#address} to judge.
     *
     * @throws IllegalArgumentException with a sentence that repeats nothing: a password or a token may stand in a URL
     */
    public static String of(String text) {
        String trimmed = Texts.orEmpty(text).trim();
        Matcher url = URL.matcher(trimmed);
        if (!url.matches()) {
            return trimmed;
        }
        String authority = url.group("authority");
        if (!url.group("scheme").equalsIgnoreCase("https")) {
            throw new IllegalArgumentException(Messages.Check_addressScheme());
        }
        // What stands before the sign is a user, however much it looks like a host.
        if (authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException(Messages.Check_addressUser());
        }
        return PORT.matcher(authority).find() ? authority : authority + HTTPS_PORT;
    }

    /** As a form says it. */
    public static void check(String text) {
        Checks.address(of(text));
    }
}
