// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The rules of single fields. A method throws {@link IllegalArgumentException} with a sentence that tells the next
 * step; the same rule serves the form, Configuration as Code and Pipeline.
 */
public final class Checks {
    private static final int ID_LENGTH = Vocabulary.limit("identity_id_length");
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
    private static final Pattern RESOURCE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");
    private static final int RESOURCE_LENGTH = 200;
    private static final Pattern PIN = Pattern.compile("sha256:[0-9A-Fa-f]{64}");
    private static final Pattern USER = Pattern.compile("(?!-)[^\\s\\p{Cc}\\p{Z}:/,]+");
    private static final Pattern LABEL = Pattern.compile("(?!-)[A-Za-z0-9_-]{1,63}(?<!-)");
    private static final Pattern IPV4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern UUID = Pattern.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");
    private static final Pattern ADDRESS =
            Pattern.compile("(?:\\[(?<v6>[0-9A-Fa-f:.]+)]|(?<host>[A-Za-z0-9._-]+))(?::(?<port>[0-9]{1,5}))?");

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

    /**
     * Says nothing to an empty field, required ones too: an entry that was just added is not red before anybody has typed.
     * What is missing is said when the form is saved.
     */
    public static FormValidation formOptional(String text, Rule rule) {
        return Texts.orNull(text) == null ? FormValidation.ok() : form(text, rule);
    }

    /** Where there is a text at all; null: none. */
    public static void optional(String text, Rule rule) {
        if (text != null) {
            rule.check(text);
        }
    }

    public static void id(String text) {
        require(!text.isEmpty(), Messages.Check_idMissing(ID_LENGTH));
        require(text.length() <= ID_LENGTH && ID.matcher(text).matches(), Messages.Check_id(text, ID_LENGTH));
    }

    public static void name(String text) {
        require(!text.isEmpty() && text.length() <= 100, Messages.Check_name());
    }

    public static void address(String text) {
        require(!text.isEmpty(), Messages.Check_addressMissing());
        Matcher matcher = ADDRESS.matcher(text);
        require(matcher.matches(), Messages.Check_address(text));
        String host = matcher.group("host");
        require(host == null ? isIpv6(matcher.group("v6")) : isHost(host), Messages.Check_address(text));
        String port = matcher.group("port");
        require(port == null || portValid(port), Messages.Check_addressPort(text));
    }

    /** A DNS name as the library takes it, or an IPv4 address. */
    private static boolean isHost(String host) {
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        List<String> labels = List.of(name.split("\\.", -1));
        boolean number = labels.get(labels.size() - 1).chars().allMatch(c -> c >= '0' && c <= '9');
        return IPV4.matcher(host).matches()
                || name.length() <= 253 && !number && labels.stream().allMatch(label -> LABEL.matcher(label).matches());
    }

    /** Digits and colons alone come here: such a text is parsed, never looked up. */
    private static boolean isIpv6(String text) {
        try {
            return text.indexOf(':') >= 0 && InetAddress.getByName("[" + text + "]") != null;
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static boolean portValid(String port) {
        int number = Integer.parseInt(port);
        return number > 0 && number < 65536;
    }

    public static void pins(String text) {
        List<String> pins = words(text);
        most("ca_pins", pins);
        pins.forEach(pin -> require(PIN.matcher(pin).matches(), Messages.Check_pin(pin)));
    }

    public static void certificate(String text) {
        require(
                text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----"),
                Messages.Check_certificate());
        require(!text.contains("PRIVATE KEY"), Messages.Check_certificateKey());
        int longest = Vocabulary.limit("ca_pem_bytes");
        require(bytes(text) <= longest, Messages.Check_certificateLong(longest >> 10));
    }

    public static void roles(String text) {
        List<String> roles = words(text);
        most("roles", roles);
        roles.forEach(role -> require(isName(role), Messages.Check_role(role, Vocabulary.limit("name_bytes"))));
    }

    /** The name of a cluster, a database or an application in Teleport. */
    public static void resource(String text) {
        require(isName(text), Messages.Check_resource(text, Vocabulary.limit("name_bytes")));
    }

    /** Outputs of a block beside its identity and its kubeconfig, which count, too. */
    public static void outputs(int count) {
        int most = Vocabulary.limit("outputs") - 2;
        require(count <= most, Messages.Check_most(count, most));
    }

    /** Databases and applications that a block's clients connect to. */
    public static void tunnels(int count) {
        int most = Vocabulary.limit("tunnels");
        require(count <= most, Messages.Check_most(count, most));
    }

    /** Names of applications; null: none. */
    public static void applications(List<String> names) {
        most("tunnels", Texts.orEmpty(names));
        Texts.orEmpty(names).forEach(Checks::resource);
    }

    /** Names of Kubernetes clusters for one kubeconfig; null: none. */
    public static void kubernetesClusters(List<String> names) {
        most("kubernetes_clusters", Texts.orEmpty(names));
        Texts.orEmpty(names).forEach(Checks::resource);
    }

    /** Users that may read a directory; null: none. */
    public static void readers(List<String> users) {
        most("readers", Texts.orEmpty(users));
        Texts.orEmpty(users).forEach(user -> require(isUser(user), Messages.Check_reader(user)));
    }

    private static boolean isUser(String text) {
        if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            // The number after the last one stands for "no user" in the kernel.
            return new BigInteger(text).compareTo(BigInteger.valueOf(0xFFFF_FFFFL)) < 0;
        }
        return USER.matcher(text).matches() && bytes(text) <= Vocabulary.limit("name_bytes");
    }

    private static boolean isName(String text) {
        return !text.isEmpty()
                && bytes(text) <= Vocabulary.limit("name_bytes")
                && text.codePoints().noneMatch(c -> Character.getType(c) == Character.CONTROL)
                && !isBlank(text.codePointAt(0))
                && !isBlank(text.codePointBefore(text.length()));
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    private static void most(String limit, List<String> list) {
        int most = Vocabulary.limit(limit);
        require(list.size() <= most, Messages.Check_most(list.size(), most));
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
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

    /** A credential's id: stores elsewhere name theirs as they like. */
    public static void credential(String text) {
        require(
                !text.isEmpty()
                        && text.length() <= MAX_PATTERN
                        && text.codePoints().noneMatch(c -> Character.getType(c) == Character.CONTROL)
                        && !isBlank(text.codePointAt(0))
                        && !isBlank(text.codePointBefore(text.length())),
                Messages.Check_credential());
    }

    /** Patterns of credentials' ids. */
    public static void credentials(String text) {
        for (String line : text.split("[\\r\\n]+")) {
            String pattern = line.trim();
            // A pattern of stars alone would name credentials that are meant for something else.
            require(pattern.isEmpty() || !pattern.replace("*", "").isEmpty(), Messages.Check_credentialPattern(pattern));
            require(pattern.length() <= MAX_PATTERN, Messages.Check_patternLong(MAX_PATTERN));
        }
    }

    public static void absolutePath(String text) {
        boolean plain = text.startsWith("/")
                && bytes(text) <= Vocabulary.limit("path_bytes")
                && text.chars().noneMatch(c -> Character.getType(c) == Character.CONTROL);
        require(plain, Messages.Check_path(text));
        for (String part : text.length() == 1 ? new String[0] : text.substring(1).split("/", -1)) {
            require(!part.isEmpty() && !part.equals(".") && !part.equals(".."), Messages.Check_path(text));
        }
    }

    public static void destination(String text) {
        require(!text.isEmpty(), Messages.Check_pathMissing());
        absolutePath(text);
        require(text.split("/").length > 2, Messages.Check_destination(text));
    }

    public static void variable(String text) {
        boolean plain = text.matches("[A-Za-z_][A-Za-z0-9_]*") && text.length() <= Vocabulary.limit("name_bytes");
        require(plain, Messages.Check_variable(text));
    }

    public static void uuid(String text) {
        require(UUID.matcher(text).matches(), Messages.Check_uuid(text));
    }

    /** A program and its arguments. */
    public static void command(List<String> words) {
        most("command_words", words);
        words.forEach(word -> require(word.chars().noneMatch(c -> c < 0x20 || c == 0x7f), Messages.Check_argument()));
    }

    /** @return seconds */
    public static long timeout(String text) {
        return Durations.parse(text, 1, Vocabulary.limit("command_max_seconds"));
    }

    public static void ttl(String text) {
        Durations.parse(text);
    }

    /** When the bot's own certificates are renewed. */
    public static void interval(String text) {
        Durations.parseInterval(text);
    }

    /** {@link #interval}, and shorter than the lifetime. */
    public static void interval(String text, String lifetime) {
        require(Durations.parseInterval(text) < Durations.parse(lifetime), Messages.Check_interval(text, lifetime));
    }

    public static void choice(String value, List<String> known, String field) {
        require(known.contains(value), Messages.Check_choice(field, value, String.join(", ", known)));
    }

    public static void token(String text) {
        require(
                text.length() <= 4096 && text.chars().allMatch(c -> c > 0x20 && c < 0x7f),
                Messages.Check_token());
    }

    /** The name of a token resource that others are told to create: nothing that a shell or a URI reads as more than a name. */
    public static void resourceName(String text) {
        require(text.length() <= RESOURCE_LENGTH && RESOURCE.matcher(text).matches(), Messages.Check_resourceName(RESOURCE_LENGTH));
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
