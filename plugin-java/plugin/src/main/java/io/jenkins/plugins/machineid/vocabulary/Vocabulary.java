// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.vocabulary;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * The library's words and limits: {@code contract/vocabulary.json}, which the library's own tests write and which is
 * packaged with the plugin. For the controller; what runs on agents takes nothing from here.
 */
public final class Vocabulary {
    private static final JSONObject ALL = read();

    private Vocabulary() {}

    /** Number of the JSON contract and the signatures. */
    public static int abi() {
        return ALL.getInt("abi");
    }

    /**
     * A closed list, in the library's order.
     *
     * @throws JSONException when there is no such list: a defect of the caller
     */
    public static List<String> words(String list) {
        return texts(ALL.getJSONObject("words").getJSONArray(list));
    }

    /**
     * A limit, in the unit of its name.
     *
     * @throws JSONException when there is no such limit: a defect of the caller
     */
    public static int limit(String name) {
        return ALL.getJSONObject("limits").getInt(name);
    }

    /** Settings of a join method of which only one can be given; empty where the library has no such method. */
    public static List<String> atMostOne(String joinMethod) {
        for (Object each : ALL.getJSONArray("join_methods")) {
            JSONObject method = (JSONObject) each;
            if (method.getString("name").equals(joinMethod)) {
                return texts(method.getJSONArray("at_most_one"));
            }
        }
        return List.of();
    }

    /**
     * A database's protocol.
     *
     * @param tcp what its clients connect to by TCP, with places to be filled
     * @param socket the same by a Unix socket
     * @param client whose clients have variables of their own: {@code postgres}, {@code mysql}; null: others
     */
    public record Database(String tcp, String socket, String client) {}

    /** Null where the library knows no such protocol. */
    public static Database database(String protocol) {
        for (Object each : ALL.getJSONArray("databases")) {
            JSONObject known = (JSONObject) each;
            if (known.getString("word").equals(protocol)) {
                return new Database(
                        known.getString("tcp"), known.getString("socket"), known.optString("client", null));
            }
        }
        return null;
    }

    private static List<String> texts(JSONArray array) {
        return array.toList().stream().map(String::valueOf).toList();
    }

    private static JSONObject read() {
        try (InputStream file = Vocabulary.class.getResourceAsStream("vocabulary.json")) {
            if (file == null) {
                throw new IllegalStateException("vocabulary.json is not in the plugin; install the plugin again");
            }
            return new JSONObject(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
