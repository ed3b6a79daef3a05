// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A resource of a cluster, written once and shown in two languages. Values are texts, numbers, lists and maps of such.
 *
 * @param kind Teleport's name of the kind, as {@code token}
 * @param version of the kind
 * @param notes what the reader should know, one a line above it
 */
record Resource(String kind, String version, String name, Map<String, Object> spec, List<String> notes) {
    private static final Map<String, String> TERRAFORM =
            Map.of("role", "teleport_role", "bot", "teleport_bot", "token", "teleport_provision_token");

    /** As {@code tctl create} takes it. */
    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", kind);
        tree.putAll(body());
        return tree;
    }

    /** What both languages say below its head. */
    Map<String, Object> body() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("version", version);
        body.put("metadata", Map.of("name", name));
        body.put("spec", spec);
        return body;
    }

    /** Terraform's name of the kind. */
    String terraform() {
        return TERRAFORM.get(kind);
    }
}
