// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import java.util.Arrays;

/**
 * What this controller signed about a build or an agent.
 *
 * @param id claim {@code jti}: where the cluster's audit log has it, it names this one statement. No secret
 * @param token a compact JWS, ASCII; valid until {@link #close} wipes it
 */
public record Statement(String id, byte[] token) implements AutoCloseable {
    @Override
    public void close() {
        Arrays.fill(token, (byte) 0);
    }

    /** Without the token. */
    @Override
    public String toString() {
        return id;
    }
}
