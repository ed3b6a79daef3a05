// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Parts of addresses. */
final class Urls {
    private Urls() {}

    /** One part of a path. */
    static String part(String name) {
        return value(name).replace("+", "%20");
    }

    /** The value of a parameter. */
    static String value(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
