// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.security;

import java.io.IOException;

public abstract class ConfidentialKey {
    protected ConfidentialKey(String id) {}

    protected byte[] load() throws IOException {
        return null;
    }

    protected void store(byte[] payload) throws IOException {}

    public String getId() {
        return null;
    }
}
