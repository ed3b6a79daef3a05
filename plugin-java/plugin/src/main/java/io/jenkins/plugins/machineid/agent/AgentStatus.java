// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** How an agent's library stands. An agent that makes its answers itself may have left out or made up any of it. */
public final class AgentStatus implements Serializable {
    private static final long serialVersionUID = 2L;

    private final String platform;
    private final boolean used;
    private final Reason unavailable;
    private final String detail;
    private final String number;
    private final ArrayList<byte[]> replies;
    private final Service service;

    private AgentStatus(
            String platform, boolean used, Reason unavailable, String detail, String number, ArrayList<byte[]> replies,
            Service service) {
        this.platform = platform;
        this.used = used;
        this.unavailable = unavailable;
        this.detail = detail;
        this.number = number;
        this.replies = replies;
        this.service = service;
    }

    /** Nothing has used the library yet. */
    static AgentStatus unused(String platform, NativeUnavailableException why) {
        return new AgentStatus(
                platform, false, why == null ? null : why.getReason(), why == null ? null : why.getDetail(), "", new ArrayList<>(), null);
    }

    /** @param known the number that whoever asks knows; null: none */
    static AgentStatus of(String platform, Service service, List<byte[]> replies, String known) {
        var digest = Hashes.sha256();
        digest.update(service.toString().getBytes(StandardCharsets.UTF_8));
        replies.forEach(digest::update);
        String number = HexFormat.of().formatHex(digest.digest(), 0, 16);
        return new AgentStatus(platform, true, null, null, number, number.equals(known) ? null : new ArrayList<>(replies), service);
    }

    /** True when all is as the number says that was sent along. */
    public boolean isUnchanged() {
        return replies == null;
    }

    /** Whether the library is loaded and has been used. */
    public boolean isUsed() {
        return used;
    }

    /** Operating system and processor. */
    public String getPlatform() {
        return platform;
    }

    /** Why the library can't be used here; null: it can, as far as is known. */
    public NativeUnavailableException getUnavailable() {
        return unavailable == null ? null : new NativeUnavailableException(unavailable, String.valueOf(detail));
    }

    /** How the library's work is done there; null: nothing has used it, or it isn't told. */
    public Service getService() {
        return service;
    }

    /** Stands for all that the replies say. */
    public String getNumber() {
        return number;
    }

    /** A reply of each open engine; what is in the list is the agent's word. */
    public List<?> getReplies() {
        return replies == null ? List.of() : replies;
    }
}
