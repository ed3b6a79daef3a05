// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package jenkins.security;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** In place of the declared class: a secret store in memory, as forgetful about damaged entries as the real one. */
public abstract class ConfidentialKey {
    public static final Map<String, byte[]> STORE = new ConcurrentHashMap<>();

    private final String id;

    protected ConfidentialKey(String id) {
        this.id = id;
    }

    protected byte[] load() throws IOException {
        byte[] payload = STORE.get(id);
        return payload == null ? null : payload.clone();
    }

    protected void store(byte[] payload) throws IOException {
        STORE.put(id, payload.clone());
    }

    public String getId() {
        return id;
    }
}
