// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {
    @Test
    void linux_on_x86_64_has_a_library() throws NativeUnavailableException {
        assertEquals("linux-x86_64", Platform.choose("Linux", "amd64", ""));
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, aarch64, linux-aarch64",
        "Windows Server 2022, amd64, windows-x86_64",
        "Mac OS X, arm64, macos-aarch64",
        "FreeBSD, amd64, freebsd-x86_64",
        "Linux, s390x, linux-s390x",
    })
    void other_platforms_are_named(String system, String processor, String platform) {
        NativeUnavailableException failure =
                assertThrows(NativeUnavailableException.class, () -> Platform.choose(system, processor, ""));
        assertEquals(Reason.PLATFORM, failure.getReason());
        assertEquals(platform, failure.getDetail());
    }

    @Test
    void a_jvm_on_musl_is_recognised_by_its_loader() {
        String maps = "7f0000-7f1000 r-xp 00000000 00:01 7 /lib/ld-musl-x86_64.so.1\n";
        assertEquals(
                Reason.MUSL,
                assertThrows(NativeUnavailableException.class, () -> Platform.choose("Linux", "amd64", maps))
                        .getReason());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "/x/lib.so: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /x/lib.so)|GLIBC",
        "/x/lib.so: /x/lib.so: failed to map segment from shared object|NOEXEC",
        "Error relocating /x/lib.so: gnu_get_libc_version: symbol not found|MUSL",
        "Error loading shared library ld-linux-x86-64.so.2: No such file or directory|MUSL",
        "/x/lib.so: invalid ELF header|LOAD",
    })
    void the_loaders_words_become_a_reason(String words, Reason reason) {
        assertEquals(reason, Platform.explain(new UnsatisfiedLinkError(words), "/x").getReason());
    }
}
