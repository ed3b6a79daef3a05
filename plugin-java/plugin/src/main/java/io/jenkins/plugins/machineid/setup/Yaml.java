// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import java.util.List;
import java.util.Map;

/** Resources as {@code tctl create} reads them. */
final class Yaml {
    private Yaml() {}

    /** One document for each. */
    static String of(List<Resource> resources) {
        StringBuilder out = new StringBuilder();
        for (Resource resource : resources) {
            out.append(out.isEmpty() ? "" : "---\n");
            resource.notes().forEach(note -> out.append(Quoting.comment(note)));
            map(out, resource.tree(), "");
        }
        return out.toString();
    }

    private static void map(StringBuilder out, Map<?, ?> map, String indent) {
        map.forEach((key, value) -> {
            out.append(indent).append(Quoting.yaml((String) key)).append(':');
            below(out, value, indent);
        });
    }

    /** What stands behind a key. */
    private static void below(StringBuilder out, Object value, String indent) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            out.append('\n');
            map(out, map, indent + "  ");
        } else if (value instanceof List<?> list && !list.isEmpty()) {
            out.append('\n');
            list.forEach(each -> entry(out, each, indent));
        } else {
            out.append(' ').append(scalar(value)).append('\n');
        }
    }

    private static void entry(StringBuilder out, Object value, String indent) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            StringBuilder lines = new StringBuilder();
            map(lines, map, indent + "  ");
            out.append(indent).append("- ").append(lines.substring(indent.length() + 2));
        } else {
            out.append(indent).append("- ").append(scalar(value)).append('\n');
        }
    }

    private static String scalar(Object value) {
        if (value instanceof Map) {
            return "{}";
        }
        if (value instanceof List) {
            return "[]";
        }
        return value instanceof String text ? Quoting.yaml(text) : String.valueOf(value);
    }
}
