// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;

/** The native library can't be used on this agent. The controller turns the reason into a sentence. */
public final class NativeUnavailableException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Reason {
        /** No library for this operating system and processor. */
        PLATFORM,
        /** The JVM runs on musl. */
        MUSL,
        /** The C library is too old. */
        GLIBC,
        /** The agent's root directory is mounted noexec. */
        NOEXEC,
        /** The plugin holds no library, or a damaged one. */
        PACKAGE,
        /** The directory for the library can't be written, or isn't safe. */
        DIRECTORY,
        /** Library and plugin are of different versions. */
        ABI,
        /** The JVM refused to load it for another reason. */
        LOAD
    }

    private final Reason reason;
    private final String detail;

    NativeUnavailableException(Reason reason, String detail) {
        this(reason, detail, null);
    }

    NativeUnavailableException(Reason reason, String detail, Throwable cause) {
        super(reason + ": " + detail, cause);
        this.reason = reason;
        this.detail = detail;
    }

    public Reason getReason() {
        return reason;
    }

    /** The fact that goes with the reason: the platform, the directory, the loader's own words. */
    public String getDetail() {
        return detail;
    }
}
