// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.util.Locale;
import java.util.Set;

/** Which of the packaged libraries fits this JVM. Pure: everything is passed in. */
final class Platform {
    private Platform() {}

    /**
     * The folder below {@code native/}.
     *
     * @param packaged for which platforms there is a library
     */
    static String choose(Set<String> packaged, String osName, String osArch) throws NativeUnavailableException {
        String platform = name(osName, osArch);
        if (!packaged.contains(platform)) {
            throw new NativeUnavailableException(Reason.PLATFORM, platform);
        }
        return platform;
    }

    /**
     * Fails where this JVM can't load the library of its platform.
     *
     * @param maps text of {@code /proc/self/maps}, or empty where there is none
     */
    static void requireLoadable(String platform, String maps) throws NativeUnavailableException {
        if (maps.contains("/ld-musl-")) {
            throw new NativeUnavailableException(Reason.MUSL, platform);
        }
    }

    /** Operating system and processor, whether or not there is a library for them. */
    static String name(String osName, String osArch) {
        return system(osName) + "-" + processor(osArch);
    }

    /** What the loader's own words mean. */
    static NativeUnavailableException explain(UnsatisfiedLinkError error, String directory) {
        String words = String.valueOf(error.getMessage());
        if (words.contains("`GLIBC_") || words.contains("version 'GLIBC_")) {
            return new NativeUnavailableException(Reason.GLIBC, words, error);
        }
        if (words.contains("failed to map segment") || words.contains("Operation not permitted")) {
            return new NativeUnavailableException(Reason.NOEXEC, directory, error);
        }
        if (words.contains("Error relocating") || words.contains("shared library ld-linux-")) {
            return new NativeUnavailableException(Reason.MUSL, words, error);
        }
        return new NativeUnavailableException(Reason.LOAD, words, error);
    }

    private static String system(String osName) {
        String name = osName.toLowerCase(Locale.ROOT);
        if (name.startsWith("windows")) {
            return "windows";
        }
        return name.startsWith("mac") ? "macos" : name.replaceAll("[^a-z0-9]", "");
    }

    private static String processor(String osArch) {
        return switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64", "x86-64" -> "x86_64";
            case "aarch64", "arm64" -> "aarch64";
            default -> osArch.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "");
        };
    }
}
