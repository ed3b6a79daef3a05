// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.output;

import io.jenkins.plugins.machineid.field.Texts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Databases and applications that a block's clients connect to, as the library is asked for them. */
public final class Tunnels {
    private Tunnels() {}

    /**
     * Each as the contract names it: {@code type}, and the fields of that type. Values are texts and numbers, so that a
     * build that is resumed still has them.
     *
     * @param databases may be null
     * @param applications names in Teleport; may be null
     * @param tcpPorts TCP ports of 127.0.0.1 instead of Unix sockets
     */
    public static List<Map<String, Object>> requests(
            List<Database> databases, List<String> applications, boolean tcpPorts) {
        List<Map<String, Object>> all = new ArrayList<>();
        if (databases != null) {
            databases.forEach(database -> all.add(new HashMap<>(database.request())));
        }
        Texts.orEmpty(applications).forEach(app -> all.add(new HashMap<>(Map.of("type", "application", "app", app))));
        if (tcpPorts) {
            // Any free one.
            all.forEach(request -> request.put("port", 0));
        }
        return all;
    }
}
