// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a form calls a field: read from the form itself, so that it is written once. */
final class Labels {
    private Labels() {}

    /** @return the field's own name where the form has no label for it */
    static String of(Class<?> form, String field) {
        Matcher label = Pattern.compile("title=\"\\$\\{%([^}\"]+)}\" field=\"" + Pattern.quote(field) + "\"")
                .matcher(view(form));
        return label.find() ? label.group(1) : field;
    }

    private static String view(Class<?> form) {
        try (InputStream view = form.getResourceAsStream(form.getSimpleName() + "/config.jelly")) {
            return view == null ? "" : new String(view.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
