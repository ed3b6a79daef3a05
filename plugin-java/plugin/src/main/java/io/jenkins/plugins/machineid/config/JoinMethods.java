// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.List;

/** What an identity can be set to: the choices of its form, as the library names them. */
final class JoinMethods {
    static final List<String> KEY_ALGORITHMS = Vocabulary.words("key_algorithms");
    static final List<String> CACHE_SCOPES = Vocabulary.words("cache_scopes");

    static final List<String> AGENTS_BY = List.of("names", "label", "any");

    private JoinMethods() {}
}
