// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The rules of single fields. A method throws {@link IllegalArgumentException} with a sentence that tells the next
 * step; the same rule serves the form, Configuration as Code and Pipeline.
 */
public final class Checks {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern PIN = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final Pattern ROLE = Pattern.compile("[^\\s,\\p{Cntrl}]{1,256}");
    private static final Pattern UUID = Pattern.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");
    private static final Pattern TIMEOUT = Pattern.compile("(?:([0-9]{1,3})m)?(?:([0-9]{1,4})s)?");
    private static final Pattern ADDRESS =
            Pattern.compile("(?:\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}))(?::([0-9]{1,5}))?");

    /** Longest pattern of job or agent names: matching takes so many steps for each character of a name. */
    private static final int MAX_PATTERN = 1000;

    private Checks() {}

    /** A rule of one text. */
    @FunctionalInterface
    public interface Rule {
        void check(String text);
    }

    public static FormValidation form(String text, Rule rule) {
        try {
            rule.check(Texts.orEmpty(text).trim());
            return FormValidation.ok();
        } catch (IllegalArgumentException e) {
            return FormValidation.error(e.getMessage());
        }
    }

    public static FormValidation formOptional(String text, Rule rule) {
        return Texts.orNull(text) == null ? FormValidation.ok() : form(text, rule);
    }

    public static void id(String text) {
        require(ID.matcher(text).matches(), Messages.Check_id(text));
    }

    public static void name(String text) {
        require(!text.isEmpty() && text.length() <= 100, Messages.Check_name());
    }

    public static void address(String text) {
        require(!text.contains("://"), Messages.Check_addressScheme(text));
        Matcher matcher = ADDRESS.matcher(text);
        require(matcher.matches(), Messages.Check_address(text));
        String port = matcher.group(1);
        require(port == null || portValid(port), Messages.Check_addressPort(text));
    }

    private static boolean portValid(String port) {
        int number = Integer.parseInt(port);
        return number > 0 && number < 65536;
    }

    public static void pins(String text) {
        words(text).forEach(pin -> require(PIN.matcher(pin).matches(), Messages.Check_pin(pin)));
    }

    public static void certificate(String text) {
        require(
                text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----"),
                Messages.Check_certificate());
        require(!text.contains("PRIVATE KEY"), Messages.Check_certificateKey());
    }

    public static void roles(String text) {
        words(text).forEach(role -> require(ROLE.matcher(role).matches(), Messages.Check_role(role)));
    }

    public static void jobs(String text) {
        for (String line : text.split("[\\r\\n]+")) {
            String pattern = line.trim();
            require(!pattern.startsWith("/") && !pattern.endsWith("/"), Messages.Check_job(pattern));
            require(pattern.length() <= MAX_PATTERN, Messages.Check_patternLong(MAX_PATTERN));
        }
    }

    public static void agents(String text) {
        for (String line : text.split("[\\r\\n]+")) {
            String pattern = line.trim();
            // A pattern of stars alone would name agents that nobody has thought of.
            require(pattern.isEmpty() || !pattern.replace("*", "").isEmpty(), Messages.Check_agent(pattern));
            require(pattern.indexOf('/') < 0, Messages.Check_agent(pattern));
            require(pattern.length() <= MAX_PATTERN, Messages.Check_patternLong(MAX_PATTERN));
        }
    }

    public static void absolutePath(String text) {
        require(text.startsWith("/") && text.chars().noneMatch(c -> c < 0x20), Messages.Check_path(text));
        for (String part : text.split("/")) {
            require(!part.equals(".."), Messages.Check_path(text));
        }
    }

    public static void destination(String text) {
        absolutePath(text);
        require(text.split("/").length > 2, Messages.Check_destination(text));
    }

    public static void variable(String text) {
        require(text.matches("[A-Za-z_][A-Za-z0-9_]*"), Messages.Check_variable(text));
    }

    public static void uuid(String text) {
        require(UUID.matcher(text).matches(), Messages.Check_uuid(text));
    }

    /** A program, or an argument of one, in its own line. */
    public static void argument(String text) {
        require(text.chars().noneMatch(c -> c < 0x20 || c == 0x7f), Messages.Check_argument());
    }

    /** @return seconds, 1 to 600 */
    public static long timeout(String text) {
        Matcher parts = TIMEOUT.matcher(text);
        require(parts.matches(), Messages.Check_timeout(text));
        long seconds = number(parts.group(1)) * 60 + number(parts.group(2));
        require(seconds > 0 && seconds <= 600, Messages.Check_timeout(text));
        return seconds;
    }

    private static long number(String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    public static void ttl(String text) {
        Durations.parse(text);
    }

    public static void choice(String value, List<String> known, String field) {
        require(known.contains(value), Messages.Check_choice(field, value, String.join(", ", known)));
    }

    public static void token(String text) {
        require(
                text.length() <= 4096 && text.chars().allMatch(c -> c > 0x20 && c < 0x7f),
                Messages.Check_token());
    }

    private static List<String> words(String text) {
        List<String> words = Texts.words(List.of(text));
        return words == null ? List.of() : words;
    }

    private static void require(boolean held, String sentence) {
        if (!held) {
            throw new IllegalArgumentException(sentence);
        }
    }
}
