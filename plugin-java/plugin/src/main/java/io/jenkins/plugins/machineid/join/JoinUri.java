// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a joining URI says, as {@code tctl bots add} prints it from Teleport 19 on:
 * {@code tbot+(proxy|auth)+METHOD://TOKEN[:PARAMETER]@HOST:PORT}, the method with hyphens, the parameter a registration
 * secret with method bound-keypair, which isn't kept here: the library splits the URI.
 */
public final class JoinUri {
    private static final Pattern PREFIX = Pattern.compile("(?i)tbot\\+.*", Pattern.DOTALL);
    private static final Pattern WHOLE =
            Pattern.compile("tbot\\+(proxy|auth)\\+([a-z0-9-]{1,40})://([^:@/?#]+)(:[^@/?#]*)?@([^@/?#]+)/?");
    /** Possessive: what is repeated greedily takes a frame of the stack for each character. */
    private static final Pattern ESCAPES = Pattern.compile("(?:[^%]|%[0-9A-Fa-f]{2})*+");
    private static final Pattern NAME = Pattern.compile("[\\x21-\\x7e]{1,200}");
    private static final Pattern PORT = Pattern.compile(":[0-9]{1,5}$");

    private final String kind;
    private final String method;
    private final String name;
    private final String address;

    private JoinUri(String kind, String method, String name, String address) {
        this.kind = kind;
        this.method = method;
        this.name = name;
        this.address = address;
    }

    /**
     * Null when the text isn't meant as a URI.
     *
     * @throws IllegalArgumentException with a sentence that doesn't repeat the text, in which a secret may stand
     */
    public static JoinUri read(String text) {
        if (!text.contains("://") && !PREFIX.matcher(text).matches()) {
            return null;
        }
        Matcher parts = WHOLE.matcher(text);
        if (!parts.matches() || !ESCAPES.matcher(parts.group(3)).matches()) {
            throw new IllegalArgumentException(Messages.JoinUri_malformed());
        }
        String address = parts.group(5);
        Checks.address(address);
        String name = URLDecoder.decode(parts.group(3).replace("+", "%2B"), StandardCharsets.UTF_8);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(Messages.JoinUri_malformed());
        }
        return new JoinUri(parts.group(1), parts.group(2).replace('-', '_'), name, address);
    }

    /** Teleport's name of it. */
    public String method() {
        return method;
    }

    public String address() {
        return address;
    }

    /** The token's name; with method token that is the secret. */
    String name() {
        return name;
    }

    /** Then it belongs where secrets are kept. */
    boolean holdsSecret() {
        return method.equals(TokenJoin.METHOD) || method.equals(BoundKeypairJoin.METHOD);
    }

    /** What was understood, without the secret. */
    String sentence() {
        return method.equals(TokenJoin.METHOD)
                ? Messages.JoinUri_token(kind, address)
                : Messages.JoinUri_named(method, name, kind, address);
    }

    /** True when it surely names another cluster than the address does; of an auth server and a proxy nobody can tell. */
    boolean isElsewhere(String other, String otherKind) {
        if (!kind.equals(otherKind)) {
            return false;
        }
        boolean bothPorts = PORT.matcher(address).find() && PORT.matcher(other).find();
        return !place(address, bothPorts).equals(place(other, bothPorts));
    }

    private static String place(String address, boolean withPort) {
        String lower = address.toLowerCase(Locale.ROOT);
        return withPort ? lower : PORT.matcher(lower).replaceFirst("");
    }
}
