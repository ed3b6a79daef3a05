// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.reply;

import hudson.AbortException;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import io.jenkins.plugins.machineid.agent.PackagedPlatforms;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** The library said no: its code, and one line for the console with cause and next step. */
public final class NativeFailure extends AbortException {
    private static final long serialVersionUID = 1L;

    private final String code;
    private final String sentence;
    private final boolean retry;

    /** @param sentence may hold an agent's words */
    public NativeFailure(String code, String sentence, boolean retry) {
        super(Messages.Console_prefix() + AgentText.line(sentence) + " [" + code + "]");
        this.code = code;
        this.sentence = sentence;
        this.retry = retry;
    }

    public String code() {
        return code;
    }

    /** Without prefix and code, for a page of ours; may hold an agent's words. */
    public String sentence() {
        return AgentText.line(sentence);
    }

    /** The same, said in other words. */
    public NativeFailure with(UnaryOperator<String> words) {
        return new NativeFailure(code, words.apply(sentence), retry);
    }

    /** The same call can succeed later without anybody changing anything. */
    public boolean canRetry() {
        return retry;
    }

    /** One sentence for each reason why an agent can't load the library. */
    public static NativeFailure of(NativeUnavailableException failure, String agent) {
        if (failure.getReason() == null) {
            return Reply.malformed("no reason");
        }
        String detail = AgentText.line(failure.getDetail());
        String sentence = switch (failure.getReason()) {
            case PLATFORM -> Messages.Native_platform(agent, detail, String.join(", ", PackagedPlatforms.names()));
            case MUSL -> Messages.Native_musl(agent);
            case GLIBC -> Messages.Native_glibc(agent, detail);
            case NOEXEC -> Messages.Native_noexec(agent, detail);
            case PACKAGE -> Messages.Native_package(detail);
            case DIRECTORY -> Messages.Native_directory(agent, detail);
            case ABI -> Messages.Native_abi(agent, detail);
            case LOAD -> Messages.Native_load(agent, detail);
        };
        return new NativeFailure("native_" + failure.getReason().name().toLowerCase(Locale.ROOT), sentence, false);
    }
}
