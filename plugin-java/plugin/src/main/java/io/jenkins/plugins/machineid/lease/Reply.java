// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.json.JSONParserConfiguration;

/**
 * Reads the library's replies. An agent is not trusted: sizes are bounded, and what has another shape than agreed is
 * a failure, never a class cast.
 */
public final class Reply {
    private static final int MAX_BYTES = 1 << 20;

    /** The depth is bounded by the parser. */
    private static final JSONParserConfiguration STRICT = new JSONParserConfiguration().withStrictMode(true);

    private final JSONObject content;

    private Reply(JSONObject content) {
        this.content = content;
    }

    /**
     * @param bytes UTF-8 JSON
     * @throws NativeFailure when it says so, or isn't as agreed
     */
    public static Reply read(byte[] bytes) throws NativeFailure {
        if (bytes.length > MAX_BYTES) {
            throw malformed(bytes.length + " bytes");
        }
        JSONObject ok;
        JSONObject error;
        try {
            JSONObject envelope = new JSONObject(new String(bytes, StandardCharsets.UTF_8), STRICT);
            ok = envelope.optJSONObject("ok");
            error = envelope.optJSONObject("error");
        } catch (JSONException e) {
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
        String hint = error.text("hint");
        String message = error.text("message");
        boolean later = error.content.has("retry") && !error.text("retry").equals("no");
        return new NativeFailure(
                code.isEmpty() ? "internal" : code, hint.isEmpty() ? message : message + "; " + hint, later);
    }

    static NativeFailure malformed(String detail) {
        return new NativeFailure("internal", Messages.Native_reply(line(detail)), false);
    }

    /** One line of printable text of bounded length, whatever an agent sends. */
    static String line(String text) {
        String line = String.valueOf(text).replaceAll("[\\s\\p{Cntrl}]+", " ").trim();
        return line.length() > 2000 ? line.substring(0, 2000) + "…" : line;
    }

    public String text(String name) {
        return content.opt(name) instanceof String text ? line(text) : "";
    }

    /** Zero when there is none, or none that is whole and fits. */
    public long number(String name) {
        Object value = content.opt(name);
        return value instanceof Integer || value instanceof Long ? ((Number) value).longValue() : 0;
    }

    public boolean flag(String name) {
        return Boolean.TRUE.equals(content.opt(name));
    }

    public List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (Object value : array(name)) {
            if (value instanceof String text) {
                texts.add(line(text));
            }
        }
        return texts;
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

    /**
     * The variables for the block. Only ours: an agent can't set {@code PATH} or {@code LD_PRELOAD} this way.
     */
    public Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        if (content.opt("environment") instanceof JSONObject object) {
            for (String name : object.keySet()) {
                if (Variables.ALLOWED.contains(name) && object.opt(name) instanceof String text) {
                    environment.put(name, line(text));
                }
            }
        }
        return environment;
    }

    /** Null when it isn't there or isn't a time. */
    public Instant time(String name) {
        try {
            return Instant.parse(text(name));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private JSONArray array(String name) {
        return content.opt(name) instanceof JSONArray array ? array : new JSONArray();
    }
}
