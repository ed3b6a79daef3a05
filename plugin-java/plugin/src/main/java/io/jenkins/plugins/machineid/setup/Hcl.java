// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Resources as Teleport's Terraform provider takes them. */
final class Hcl {
    private static final Pattern LABEL = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*");

    private Hcl() {}

    static String of(List<Resource> resources) {
        return resources.stream().map(Hcl::block).collect(Collectors.joining("\n"));
    }

    private static String block(Resource resource) {
        StringBuilder out = new StringBuilder();
        resource.notes().forEach(note -> out.append(Quoting.comment(note)));
        out.append("resource \"").append(resource.terraform()).append("\" \"").append(label(resource.name())).append("\" {\n");
        resource.body().forEach((key, value) -> {
            out.append("  ").append(key).append(" = ");
            value(out, value, "  ");
            out.append('\n');
        });
        return out.append("}\n").toString();
    }

    /** Terraform's own name of it: a word; no two names become one. */
    static String label(String name) {
        return LABEL.matcher(name).matches()
                ? name
                : name.replaceAll("[^A-Za-z0-9_-]", "_").replaceFirst("^(?![A-Za-z_])", "_")
                        + "_"
                        + UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString().substring(0, 8);
    }

    private static void value(StringBuilder out, Object value, String indent) {
        String deeper = indent + "  ";
        if (value instanceof Map<?, ?> map) {
            out.append(map.isEmpty() ? "{" : "{\n");
            map.forEach((key, each) -> {
                out.append(deeper).append(key((String) key)).append(" = ");
                value(out, each, deeper);
                out.append('\n');
            });
            out.append(map.isEmpty() ? "}" : indent + "}");
        } else if (value instanceof List<?> list) {
            out.append(list.isEmpty() ? "[" : "[\n");
            list.forEach(each -> {
                out.append(deeper);
                value(out, each, deeper);
                out.append(",\n");
            });
            out.append(list.isEmpty() ? "]" : indent + "]");
        } else {
            out.append(value instanceof String text ? Quoting.hcl(text) : String.valueOf(value));
        }
    }

    private static String key(String key) {
        return LABEL.matcher(key).matches() ? key : Quoting.hcl(key);
    }
}
