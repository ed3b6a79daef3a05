// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * The variables by which a block's clients find databases and applications, made on the controller from what was asked for
 * and the lease's directory. The library names its sockets the same way: {@code contract/layout.json} holds both to it.
 */
final class TunnelVariables {
    private static final String HOST = "127.0.0.1";
    /** What libpq takes by itself; further databases have the next ones. */
    private static final int POSTGRES = 5432;
    private static final String POSTGRES_SOCKET = ".s.PGSQL.";
    private static final int LONGEST_NAME = (POSTGRES_SOCKET + POSTGRES).length();
    private static final int LONGEST_PATH = Vocabulary.limit("socket_path_bytes");
    private static final int BESIDE_DIGITS = 8;
    private static final int BELOW_DIGITS = 32;

    private final String way;
    private final Map<String, String> variables = new TreeMap<>();
    private int databases;
    private int applications;
    private int postgres = POSTGRES;

    private TunnelVariables(String way) {
        this.way = way;
    }

    /**
     * @param tunnels as they are asked for
     * @param listeners of them, in their order
     * @param directory the lease's own
     * @return an empty value: the variable is to be taken out of the environment
     */
    static Map<String, String> of(JSONArray tunnels, List<Listener> listeners, String directory, String lease) {
        TunnelVariables made = new TunnelVariables(way(directory, lease));
        IntStream.range(0, tunnels.length()).forEach(at -> made.add(tunnels.getJSONObject(at), listeners.get(at)));
        for (String client : List.of("postgres", "mysql")) {
            int[] its = IntStream.range(0, tunnels.length())
                    .filter(at -> isOf(client, tunnels.getJSONObject(at), listeners.get(at)))
                    .toArray();
            if (its.length == 1) {
                made.addOwn(client, tunnels.getJSONObject(its[0]), listeners.get(its[0]), its[0], tunnels);
            }
        }
        return made.variables;
    }

    /**
     * By which path clients find a socket in the lease's directory: their addresses have no room for long ones. The library
     * makes the link.
     */
    static String way(String directory, String lease) {
        String beside = directory.substring(0, directory.lastIndexOf('/')) + "/.m-" + lease.substring(0, BESIDE_DIGITS);
        return fits(directory)
                ? directory
                : fits(beside) ? beside : "/tmp/machine-id-" + lease.substring(0, BELOW_DIGITS) + "/s";
    }

    /** Whether clients of other file systems, as in a container, don't find the sockets. */
    static boolean isFarAway(String directory, String lease) {
        String way = way(directory, lease);
        return !way.startsWith(directory.substring(0, directory.lastIndexOf('/') + 1));
    }

    private static boolean fits(String way) {
        // libpq takes a comma for the end of one host and the beginning of another.
        return way.getBytes(StandardCharsets.UTF_8).length + 1 + LONGEST_NAME <= LONGEST_PATH && way.indexOf(',') < 0;
    }

    private static boolean isOf(String client, JSONObject tunnel, Listener listener) {
        return isDatabase(tunnel) && client.equals(Vocabulary.database(listener.protocol()).client());
    }

    private static boolean isDatabase(JSONObject tunnel) {
        return tunnel.getString("type").equals("database");
    }

    private void add(JSONObject tunnel, Listener listener) {
        boolean database = isDatabase(tunnel);
        String socket = way + "/" + socket(tunnel, listener);
        String name = database ? tunnel.getString("service") : tunnel.getString("app");
        String word = (database ? "MACHINE_ID_DATABASE_" : "MACHINE_ID_APPLICATION_") + word(name);
        String free = word;
        for (int number = 2; variables.containsKey(free); number++) {
            free = word + "_" + number;
        }
        variables.put(free, target(tunnel, listener, socket));
    }

    /** The name of its socket; counts. */
    private String socket(JSONObject tunnel, Listener listener) {
        if (!isDatabase(tunnel)) {
            return "app-" + ++applications + ".sock";
        }
        databases++;
        return isOf("postgres", tunnel, listener) ? POSTGRES_SOCKET + postgres++ : "db-" + databases + ".sock";
    }

    /** What to connect to: a URL, or the path of a socket where clients take no URL with one. */
    private String target(JSONObject tunnel, Listener listener, String socket) {
        boolean tcp = listener.port() != 0;
        String address = HOST + ":" + listener.port();
        if (!isDatabase(tunnel)) {
            return tcp ? listener.protocol() + "://" + address : socket;
        }
        Vocabulary.Database known = Vocabulary.database(listener.protocol());
        // The library's order: what is filled in later may hold none of these words.
        return (tcp ? known.tcp() : known.socket())
                .replace("{user}", encoded(tunnel.getString("username")))
                .replace("{database}", encoded(tunnel.getString("database")))
                .replace("{address}", address)
                .replace("{socket}", encoded(socket))
                .replace("{directory}", encoded(way))
                .replace("{number}", socket.substring(socket.lastIndexOf('.') + 1))
                .replace("{path}", socket);
    }

    /** A client's own variables, where it has one database alone. */
    private void addOwn(String client, JSONObject tunnel, Listener listener, int at, JSONArray tunnels) {
        boolean tcp = listener.port() != 0;
        if (client.equals("postgres")) {
            variables.put("PGHOST", tcp ? HOST : way);
            variables.put("PGPORT", String.valueOf(tcp ? listener.port() : POSTGRES));
            variables.put("PGUSER", tunnel.getString("username"));
            variables.put("PGDATABASE", tunnel.getString("database"));
            Vocabulary.words("libpq_others").forEach(name -> variables.put(name, ""));
        } else if (tcp) {
            variables.put("MYSQL_HOST", HOST);
            variables.put("MYSQL_TCP_PORT", String.valueOf(listener.port()));
            variables.put("MYSQL_UNIX_PORT", "");
        } else {
            long number = IntStream.rangeClosed(0, at).filter(each -> isDatabase(tunnels.getJSONObject(each))).count();
            variables.put("MYSQL_UNIX_PORT", way + "/db-" + number + ".sock");
            variables.put("MYSQL_HOST", "");
        }
    }

    /** {@code pg-main} as {@code PG_MAIN}. */
    private static String word(String name) {
        StringBuilder word = new StringBuilder();
        name.codePoints().forEach(c -> word.append(isPlain(c) ? String.valueOf((char) c).toUpperCase(Locale.ROOT) : "_"));
        return word.toString();
    }

    private static boolean isPlain(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }

    /** In a URL: a form's encoding but for three characters. */
    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }
}
