// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The one thing that the agent reads in a reply: the handle that {@code open} gives. */
final class EngineReply {
    private static final Pattern OPENED = Pattern.compile("\\A\\s*\\{\\s*\"ok\"\\s*:\\s*\\{\\s*\"engine\"\\s*:\\s*(\\d{1,18})\\b");

    private EngineReply() {}

    static OptionalLong handle(byte[] reply) {
        Matcher opened = OPENED.matcher(new String(reply, StandardCharsets.UTF_8));
        return opened.find() ? OptionalLong.of(Long.parseLong(opened.group(1))) : OptionalLong.empty();
    }
}
