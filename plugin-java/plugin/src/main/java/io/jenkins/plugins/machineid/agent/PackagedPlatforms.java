// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;

/** For which platforms this plugin holds a library, as its own jar says. */
public final class PackagedPlatforms {
    private static final String LIST = "platforms";

    private PackagedPlatforms() {}

    /** Their names, sorted; none in a plugin that was packaged without native files. */
    public static Set<String> names() {
        try (InputStream list = open(LIST)) {
            return list == null ? Set.of() : parse(new String(list.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("the plugin's own jar can't be read", e);
        }
    }

    static Set<String> parse(String list) {
        return new TreeSet<>(list.lines().map(String::trim).filter(line -> !line.isEmpty()).toList());
    }

    /** A file below {@code native} in the jar; null where there is none. */
    static InputStream open(String name) {
        return PackagedPlatforms.class.getResourceAsStream("/native/" + name);
    }
}
