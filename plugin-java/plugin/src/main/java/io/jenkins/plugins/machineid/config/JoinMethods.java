// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import java.util.List;

/** The join methods and key algorithms that the library has, by Teleport's names. */
final class JoinMethods {
    static final List<String> ALL = List.of(
            "token", "kubernetes", "github", "gitlab", "circleci", "spacelift", "terraform_cloud", "bitbucket");
    static final List<String> KEY_ALGORITHMS = List.of("ecdsa-p256", "ed25519", "rsa-2048", "rsa-4096");
    static final List<String> CACHE_SCOPES = List.of("agent", "build");

    private JoinMethods() {}
}
