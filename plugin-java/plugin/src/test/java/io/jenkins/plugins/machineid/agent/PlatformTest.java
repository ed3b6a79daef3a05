// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.agent.NativeUnavailableException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {
    /** The first column of what is built, checked and packaged. */
    private static Set<String> listed() throws IOException {
        return PackagedPlatforms.parse(Files.readString(Path.of("../../native/platforms"))
                .replaceAll("(?m)^#.*$", "")
                .replaceAll("(?m) .*$", ""));
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, linux-x86_64", "Linux, x86_64, linux-x86_64",
        "Linux, aarch64, linux-aarch64", "Linux, arm64, linux-aarch64",
    })
    void linux_has_a_library(String system, String processor, String platform) throws IOException {
        assertEquals(platform, Platform.choose(listed(), system, processor));
    }

    /** As a JVM names them: each platform of the list is one that an agent can find. */
    @Test
    void every_platform_of_the_list_is_found() throws IOException {
        assertTrue(listed().size() >= 2, listed().toString());
        for (String platform : listed()) {
            String[] parts = platform.split("-", 2);
            assertEquals(platform, Platform.choose(listed(), parts[0], parts[1]));
        }
    }

    @Test
    void a_plugin_that_was_built_for_fewer_platforms_says_so() {
        NativeUnavailableException failure = assertThrows(
                NativeUnavailableException.class,
                () -> Platform.choose(Set.of("linux-x86_64"), "Linux", "aarch64"));
        assertEquals(Reason.PLATFORM, failure.getReason());
        assertEquals("linux-aarch64", failure.getDetail());
    }

    @ParameterizedTest
    @CsvSource({
        "Windows Server 2022, amd64, windows-x86_64",
        "Mac OS X, arm64, macos-aarch64",
        "FreeBSD, amd64, freebsd-x86_64",
        "Linux, s390x, linux-s390x",
        "Linux, arm, linux-arm",
    })
    void other_platforms_are_named(String system, String processor, String platform) {
        NativeUnavailableException failure =
                assertThrows(NativeUnavailableException.class, () -> Platform.choose(listed(), system, processor));
        assertEquals(Reason.PLATFORM, failure.getReason());
        assertEquals(platform, failure.getDetail());
    }

    @Test
    void a_jvm_on_musl_is_recognised_by_its_loader() {
        String maps = "7f0000-7f1000 r-xp 00000000 00:01 7 /lib/ld-musl-x86_64.so.1\n";
        assertEquals(
                Reason.MUSL,
                assertThrows(NativeUnavailableException.class, () -> Platform.requireLoadable("linux-x86_64", maps))
                        .getReason());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "/x/lib.so: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /x/lib.so)|GLIBC",
        "/x/lib.so: /x/lib.so: failed to map segment from shared object|NOEXEC",
        "Error relocating /x/lib.so: gnu_get_libc_version: symbol not found|MUSL",
        "Error loading shared library ld-linux-x86-64.so.2: No such file or directory|MUSL",
        "Error loading shared library ld-linux-aarch64.so.1: No such file or directory|MUSL",
        "/x/lib.so: invalid ELF header|LOAD",
    })
    void the_loaders_words_become_a_reason(String words, Reason reason) {
        assertEquals(reason, Platform.explain(new UnsatisfiedLinkError(words), "/x").getReason());
    }
}
