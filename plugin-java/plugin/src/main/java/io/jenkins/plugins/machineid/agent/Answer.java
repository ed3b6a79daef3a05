// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.Serializable;

/** What a task brings back: the library's JSON, or the wish for the identity's configuration. */
public final class Answer implements Serializable {
    private static final long serialVersionUID = 1L;

    private final byte[] reply;
    private final byte[] sealTo;

    private Answer(byte[] reply, byte[] sealTo) {
        this.reply = reply;
        this.sealTo = sealTo;
    }

    static Answer of(byte[] reply) {
        return new Answer(reply, null);
    }

    static Answer configurationWanted(byte[] publicKey) {
        return new Answer(null, publicKey);
    }

    /** True when no engine is open for this configuration: send it and ask again. */
    public boolean isConfigurationWanted() {
        return reply == null;
    }

    /** UTF-8 JSON; an agent that makes its answers itself may have left it out. */
    public byte[] getReply() {
        return reply == null ? new byte[0] : reply.clone();
    }

    /** The public key that the configuration is to be sealed to; as above. */
    public byte[] getSealTo() {
        return sealTo == null ? new byte[0] : sealTo.clone();
    }
}
