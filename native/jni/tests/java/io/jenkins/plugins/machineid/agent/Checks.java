package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the tests share: requests, and what is expected of replies. */
final class Checks {
    private static final Pattern CODE = Pattern.compile("^\\{\"error\":\\{\"code\":\"([a-z_]+)\",");
    private static final Pattern ENGINE = Pattern.compile("^\\{\"ok\":\\{\"engine\":(\\d{1,16})}}$");

    private Checks() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] reply) {
        return new String(reply, StandardCharsets.UTF_8);
    }

    /** @param token null: none, as Test connection sends it */
    static byte[] config(Path root, Path helper, String address, String token, String caPem) {
        String secret = token == null ? "" : ",\"token\":\"" + token + "\"";
        String ca = caPem == null ? "" : ",\"ca_pem\":\"" + caPem.replace("\n", "\\n") + "\"";
        return bytes("{\"abi\":" + MachineIdNative.ABI + ",\"root\":\"" + root + "\",\"helper\":\"" + helper
                + "\",\"helper_sha256\":\"" + digest(helper) + "\",\"identities\":[{\"id\":\"api\","
                + "\"cluster\":{\"address\":\"" + address + "\"" + ca + "},"
                + "\"join\":{\"method\":\"token\"" + secret + "}}]}");
    }

    /// Of a helper that isn't there: any.
    private static String digest(Path helper) {
        try {
            byte[] content = Files.exists(helper) ? Files.readAllBytes(helper) : new byte[0];
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] order(String lease, Path directory, boolean standing) {
        return bytes("{\"lease\":\"" + lease + "\",\"identity\":\"api\",\"standing\":" + standing
                + ",\"directory\":\"" + directory + "\"}");
    }

    static String lease(long number) {
        return String.format("%032x", number);
    }

    static long opened(byte[] reply) {
        Matcher matcher = ENGINE.matcher(text(reply));
        require(matcher.matches(), "not an engine: " + text(reply));
        return Long.parseLong(matcher.group(1));
    }

    static void ok(byte[] reply) {
        require(text(reply).startsWith("{\"ok\":{"), "not ok: " + text(reply));
    }

    static void ok(byte[] reply, String part) {
        ok(reply);
        require(text(reply).contains(part), "no " + part + " in " + text(reply));
    }

    static String code(byte[] reply) {
        Matcher matcher = CODE.matcher(text(reply));
        require(matcher.find(), "no error: " + text(reply));
        return matcher.group(1);
    }

    static void code(String expected, byte[] reply) {
        require(code(reply).equals(expected), "not " + expected + ": " + text(reply));
    }

    static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
