// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyTest {
    private static Reply read(String json) throws NativeFailure {
        return Reply.read(json.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{}", "{\"ok\":1}", "{\"error\":1}", "{\"error\":{\"code\":1}}", "{\"ok\":{}", "\u0000", "{\"ok\":{}} x"})
    void another_shape_is_a_failure_not_a_crash(String json) {
        assertThrows(NativeFailure.class, () -> read(json));
    }

    @Test
    void deep_and_long_replies_are_refused() {
        assertThrows(NativeFailure.class, () -> read("[".repeat(100_000)));
        assertThrows(NativeFailure.class, () -> Reply.read(new byte[Reply.MAX_BYTES + 1]));
    }

    @Test
    @Timeout(20)
    void depth_and_bare_words_are_bounded_before_anything_is_parsed() throws NativeFailure {
        assertNull(ReplyShape.fault("[".repeat(ReplyShape.MAX_DEPTH) + "]".repeat(ReplyShape.MAX_DEPTH)));
        assertNull(ReplyShape.fault("{\"a\": \"" + "[{".repeat(1000) + "\\\"" + "9".repeat(1000) + "\", \"b\": -1.5e3}"));
        assertNotNull(ReplyShape.fault("[".repeat(ReplyShape.MAX_DEPTH + 1)));
        assertNotNull(ReplyShape.fault("9".repeat(ReplyShape.MAX_WORD + 1)));
        assertThrows(NativeFailure.class, () -> read("{\"ok\":{\"n\":" + "9".repeat(1_000_000) + "}}"));
    }

    @Test
    void values_of_another_type_read_as_nothing() throws NativeFailure {
        Reply reply = read("{\"ok\":{\"text\":1,\"number\":\"x\",\"list\":{},\"huge\":1e99,\"when\":\"soon\"}}");
        assertEquals("", reply.text("text"));
        assertEquals(0, reply.number("number"));
        assertEquals(0, reply.number("huge"));
        assertTrue(reply.texts("list").isEmpty());
        assertNull(reply.time("when"));
    }

    /** The library says it in the words of the command: its sources have what is put into other words here. */
    @Test
    void hints_name_things_as_jenkins_does() throws IOException {
        NativeFailure failure = assertThrows(
                NativeFailure.class,
                () -> read("{\"error\":{\"code\":\"tls_untrusted\",\"message\":\"not trusted\","
                        + "\"hint\":\"configure the cluster's CA (" + JenkinsWords.CA + "), or not\",\"retry\":\"no\"}}"));
        assertEquals(
                "machine-id: not trusted; configure the cluster's CA (CA certificate in Manage Jenkins, System, Machine ID), or not"
                        + " [tls_untrusted]",
                failure.getMessage());
        assertEquals("see token/jenkins-api", JenkinsWords.naming("jenkins-api", "see token/NAME"));
        assertEquals("see token/'x;id|sh'", JenkinsWords.naming("x;id|sh", "see token/NAME"));
        Path sources = Path.of("../../native/machine-id/src");
        assertTrue(Files.readString(sources.resolve("connect/error/presented.rs")).contains(JenkinsWords.CA));
        assertTrue(Files.readString(sources.resolve("join/refusal.rs")).contains(JenkinsWords.RESOURCE));
    }

    @Test
    void an_error_is_one_line_with_its_hint_and_code() {
        NativeFailure failure = assertThrows(
                NativeFailure.class,
                () -> read("{\"error\":{\"code\":\"bot_locked\",\"message\":\"locked\\nby [admin]\",\"hint\":\"ask\",\"retry\":\"no\"}}"));
        assertEquals("machine-id: locked by [admin]; ask [bot_locked]", failure.getMessage());
        assertEquals("bot_locked", failure.code());
        assertFalse(failure.canRetry());
    }

    @Test
    void retry_can_be_a_number_of_seconds() {
        NativeFailure failure = assertThrows(
                NativeFailure.class,
                () -> read("{\"error\":{\"code\":\"rate_limited\",\"message\":\"slow\",\"hint\":\"\",\"retry\":30}}"));
        assertTrue(failure.canRetry());
        assertEquals("machine-id: slow [rate_limited]", failure.getMessage());
    }
}
