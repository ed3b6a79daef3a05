// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import java.util.List;

/** What an identity can be set to: the choices of its form, as the library names them. */
final class JoinMethods {
    static final List<String> KEY_ALGORITHMS = List.of("ecdsa-p256", "ed25519", "rsa-2048", "rsa-4096");
    static final List<String> CACHE_SCOPES = List.of("agent", "build");

    static final List<String> AGENTS_BY = List.of("names", "label", "any");

    private JoinMethods() {}
}
