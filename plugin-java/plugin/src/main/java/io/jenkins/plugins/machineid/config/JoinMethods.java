// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import java.util.List;

/** What an identity can be set to: the join methods and key algorithms that the library has, by Teleport's names. */
final class JoinMethods {
    static final List<String> ALL = List.of(
            "token", "kubernetes", "github", "gitlab", "circleci", "spacelift", "terraform_cloud", "bitbucket");
    static final List<String> KEY_ALGORITHMS = List.of("ecdsa-p256", "ed25519", "rsa-2048", "rsa-4096");
    static final List<String> CACHE_SCOPES = List.of("agent", "build");

    static final List<String> AGENTS_BY = List.of("names", "label", "any");

    private JoinMethods() {}

    /**
     * With this method alone a join needs a secret, and what it gives is kept on the agent and renewed; with the
     * others an agent proves anew who it is.
     */
    static boolean keepsSecret(String method) {
        return method.equals(ALL.get(0));
    }
}
