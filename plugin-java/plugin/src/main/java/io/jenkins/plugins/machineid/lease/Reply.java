// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import io.jenkins.plugins.machineid.Messages;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the library's replies. An agent is not trusted: sizes are bounded, and what has another shape than agreed is
 * a failure, never a class cast.
 */
public final class Reply {
    private static final int MAX_BYTES = 1 << 20;

    private final JsonObject content;

    private Reply(JsonObject content) {
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
        try {
            JsonObject envelope = Json.parse(new String(bytes, StandardCharsets.UTF_8)).asObject();
            JsonValue error = envelope.get("error");
            if (error != null) {
                throw failure(error.asObject());
            }
            JsonValue ok = envelope.get("ok");
            if (ok == null) {
                throw malformed("neither ok nor error");
            }
            return new Reply(ok.asObject());
        } catch (ParseException | UnsupportedOperationException e) {
            throw malformed(e.getMessage());
        }
    }

    private static NativeFailure failure(JsonObject error) {
        String hint = line(error.getString("hint", ""));
        String message = line(error.getString("message", ""));
        JsonValue retry = error.get("retry");
        boolean later = retry != null && !(retry.isString() && retry.asString().equals("no"));
        return new NativeFailure(
                line(error.getString("code", "internal")), hint.isEmpty() ? message : message + "; " + hint, later);
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
        JsonValue value = content.get(name);
        return value != null && value.isString() ? line(value.asString()) : "";
    }

    public long number(String name) {
        JsonValue value = content.get(name);
        try {
            return value != null && value.isNumber() ? value.asLong() : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    public boolean flag(String name) {
        JsonValue value = content.get(name);
        return value != null && value.isTrue();
    }

    public List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (JsonValue value : array(name)) {
            if (value.isString()) {
                texts.add(line(value.asString()));
            }
        }
        return texts;
    }

    public List<Reply> objects(String name) {
        List<Reply> objects = new ArrayList<>();
        for (JsonValue value : array(name)) {
            if (value.isObject()) {
                objects.add(new Reply(value.asObject()));
            }
        }
        return objects;
    }

    /**
     * The variables for the block. Only ours: an agent can't set {@code PATH} or {@code LD_PRELOAD} this way.
     */
    public Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        JsonValue value = content.get("environment");
        if (value != null && value.isObject()) {
            for (JsonObject.Member member : value.asObject()) {
                if (Variables.ALLOWED.contains(member.getName()) && member.getValue().isString()) {
                    environment.put(member.getName(), line(member.getValue().asString()));
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

    private JsonArray array(String name) {
        JsonValue value = content.get(name);
        return value != null && value.isArray() ? value.asArray() : new JsonArray();
    }
}
