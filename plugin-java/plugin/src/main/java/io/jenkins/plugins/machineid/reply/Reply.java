// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.reply;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.json.JSONParserConfiguration;

/**
 * Reads the library's replies. An agent is not trusted: sizes are bounded, and what has another shape than agreed is
 * a failure, never a class cast.
 */
public final class Reply {
    /** A status tells all certificates of all leases; as much for all engines of an agent together. */
    public static final int MAX_BYTES = 8 << 20;

    private static final JSONParserConfiguration STRICT =
            new JSONParserConfiguration().withStrictMode(true).withMaxNestingDepth(ReplyShape.MAX_DEPTH);
    /** Codes of ours; another word isn't shown as one. */
    private static final Set<String> CODES = Set.copyOf(Vocabulary.words("error_codes"));
    private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?Z");
    /** Longest list that is read. */
    static final int MAX_ITEMS = 1000;

    private final JSONObject content;

    private Reply(JSONObject content) {
        this.content = content;
    }

    /**
     * @param bytes UTF-8 JSON
     * @throws NativeFailure when it says so, or isn't as agreed
     */
    public static Reply read(byte[] bytes) throws NativeFailure {
        if (bytes == null) {
            throw malformed("nothing");
        }
        if (bytes.length > MAX_BYTES) {
            throw malformed(bytes.length + " bytes");
        }
        JSONObject ok;
        JSONObject error;
        String text = new String(bytes, StandardCharsets.UTF_8);
        String fault = ReplyShape.fault(text);
        if (fault != null) {
            throw malformed(fault);
        }
        try {
            JSONObject envelope = new JSONObject(text, STRICT);
            ok = envelope.optJSONObject("ok");
            error = envelope.optJSONObject("error");
        } catch (JSONException | NumberFormatException e) {
            throw malformed(e.getMessage());
        }
        if (error != null) {
            throw failure(new Reply(error));
        }
        if (ok == null) {
            throw malformed("neither ok nor error");
        }
        return new Reply(ok);
    }

    private static NativeFailure failure(Reply error) {
        String code = error.text("code");
        String hint = JenkinsWords.of(error.text("hint"));
        String message = error.text("message");
        boolean later = error.content.has("retry") && !error.text("retry").equals("no");
        return new NativeFailure(
                CODES.contains(code) ? code : "internal",
                hint.isEmpty() ? message : message + "; " + hint,
                later);
    }

    public static NativeFailure malformed(String detail) {
        return new NativeFailure("internal", Messages.Native_reply(AgentText.line(detail)), false);
    }

    /** Empty when there is none. */
    public String text(String name) {
        return content.opt(name) instanceof String text ? AgentText.line(text) : "";
    }

    /** Zero when there is none, or none that is whole and fits. */
    public long number(String name) {
        Object value = content.opt(name);
        return value instanceof Integer || value instanceof Long ? ((Number) value).longValue() : 0;
    }

    /** Whether {@link #number} is one that is there. */
    public boolean isNumber(String name) {
        return content.opt(name) instanceof Integer || content.opt(name) instanceof Long;
    }

    /** Null when it isn't there or is something else. */
    public Reply object(String name) {
        JSONObject object = content.optJSONObject(name);
        return object == null ? null : new Reply(object);
    }

    public boolean flag(String name) {
        return Boolean.TRUE.equals(content.opt(name));
    }

    public List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (Object value : array(name)) {
            if (value instanceof String text) {
                texts.add(AgentText.line(text));
            }
        }
        return texts;
    }

    /** True when it is there, is a text, and {@link #text} changes nothing of it. */
    public boolean isPlain(String name, int longest) {
        return content.opt(name) instanceof String text && AgentText.isLine(text, longest);
    }

    /** True when it is a list of texts of which {@link #texts} leaves out and changes nothing. */
    public boolean isPlainList(String name, int most, int longest) {
        if (!(content.opt(name) instanceof JSONArray array) || array.length() > Math.min(most, MAX_ITEMS)) {
            return false;
        }
        for (Object value : array) {
            if (!(value instanceof String text) || !AgentText.isLine(text, longest)) {
                return false;
            }
        }
        return true;
    }

    public List<Reply> objects(String name) {
        List<Reply> objects = new ArrayList<>();
        for (Object value : array(name)) {
            if (value instanceof JSONObject object) {
                objects.add(new Reply(object));
            }
        }
        return objects;
    }

    /** Null when it isn't there or isn't a time. */
    public Instant time(String name) {
        try {
            String text = text(name);
            return TIME.matcher(text).matches() ? Instant.parse(text) : null;
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private List<Object> array(String name) {
        List<Object> items = new ArrayList<>();
        if (content.opt(name) instanceof JSONArray array) {
            for (int at = 0; at < array.length() && at < MAX_ITEMS; at++) {
                items.add(array.opt(at));
            }
        }
        return items;
    }
}
