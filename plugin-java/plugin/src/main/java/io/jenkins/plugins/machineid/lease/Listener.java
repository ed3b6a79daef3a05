// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * Where a block's clients connect to for one database or application. Of what an agent says only a word of a closed list
 * and a port are taken; all else is the controller's own knowledge.
 *
 * @param protocol what is spoken there
 * @param port of 127.0.0.1; 0: it is a Unix socket
 * @param kept whether the agent had it open already: its word, for show alone
 */
record Listener(String protocol, int port, boolean kept) {
    private static final Set<String> APPLICATIONS = Set.copyOf(Vocabulary.words("application_protocols"));
    private static final int PORT_MIN = Vocabulary.limit("tunnel_port_min");
    private static final int PORT_MAX = Vocabulary.limit("tunnel_port_max");
    private static final int LONGEST = 100;

    /**
     * @param asked the tunnels of the request
     * @throws NativeFailure when the agent says something else than was asked for
     */
    static List<Listener> read(Reply reply, JSONArray asked) throws NativeFailure {
        List<Reply> told = reply.objects("tunnels");
        if (told.size() != asked.length()) {
            throw Reply.malformed(told.size() + " tunnels");
        }
        List<Listener> listeners = new ArrayList<>();
        Set<Integer> ports = new HashSet<>();
        for (int at = 0; at < asked.length(); at++) {
            Listener listener = read(told.get(at), asked.getJSONObject(at));
            if (listener.port != 0 && !ports.add(listener.port)) {
                throw Reply.malformed("a port of two tunnels");
            }
            listeners.add(listener);
        }
        return List.copyOf(listeners);
    }

    private static Listener read(Reply told, JSONObject asked) throws NativeFailure {
        String protocol = told.isPlain("protocol", LONGEST) ? told.text("protocol") : "";
        boolean known = asked.getString("type").equals("database")
                ? Vocabulary.database(protocol) != null
                : APPLICATIONS.contains(protocol);
        if (!known) {
            throw Reply.malformed("the protocol of a tunnel");
        }
        long port = told.number("port");
        boolean asAsked = asked.has("port")
                ? port >= PORT_MIN && port <= PORT_MAX && (asked.getInt("port") == 0 || asked.getInt("port") == port)
                : port == 0;
        if (!asAsked) {
            throw Reply.malformed("the port of a tunnel");
        }
        return new Listener(protocol, (int) port, told.flag("kept"));
    }
}
