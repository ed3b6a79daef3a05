// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import hudson.remoting.FakeChannel;
import io.jenkins.plugins.machineid.agent.Answer;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** An agent that writes to terminals, hides text and floods logs. */
class TextAttackTest {
    private static final String EVIL = "a\u001b[8mha:\u0000\u007f\u0085\u009b2J\u200b\u200e\u200f\u202a\u202e\u2028\u2029\u2066\u2069"
            + "\ufeff\u00ad\u061c\u180e\u3164\u034f\ud800\ue000" + new String(Character.toChars(0xE0041)) + "\r\nFinished: SUCCESS";

    static void clean(String text) {
        assertTrue(text.length() <= 5000, "length " + text.length());
        text.codePoints().forEach(c -> {
            int type = Character.getType(c);
            assertFalse(
                    type == Character.CONTROL || type == Character.FORMAT || type == Character.SURROGATE
                            || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR
                            || type == Character.UNASSIGNED || type == Character.PRIVATE_USE,
                    () -> Integer.toHexString(c));
        });
    }

    private static String told(Throwable thrown) {
        FakeChannel channel = new FakeChannel(task -> {
            throw thrown;
        });
        AgentCalls calls = new AgentCalls("a15", "a15", channel);
        AbortException seen =
                assertThrows(AbortException.class, () -> calls.call(Answer.class, new ReleaseTask("/r", "l", true), 5));
        assertEquals(null, seen.getCause());
        return seen.getMessage();
    }

    @Test
    void a15TextOfAnAgentHasNoControlCharactersAndAnEnd() {
        clean(AgentText.line(EVIL));
        clean(AgentText.line(EVIL.repeat(10_000)));
        clean(AgentText.line("x".repeat(1999) + "\ud83d\ude00".repeat(10)));
        assertEquals("a [8mha: 2J Finished: SUCCESS", AgentText.line(EVIL));
        assertEquals("Grüße, 日本語 und 😀", AgentText.line("Grüße, 日本語 und 😀"));
        assertEquals("", AgentText.line(null));
    }

    @Test
    void a15ErrorsAndExceptionsOfAnAgentAreCleanLinesWithACodeOfOurs() {
        JSONObject error = new JSONObject().put("code", "x]\n[policy_job").put("message", EVIL).put("hint", EVIL);
        byte[] reply = new JSONObject().put("error", error).toString().getBytes(StandardCharsets.UTF_8);
        String message = assertThrows(NativeFailure.class, () -> Reply.read(reply)).getMessage();
        clean(message);
        assertTrue(message.endsWith("[internal]"), message);
        for (Throwable thrown : new Throwable[] {
            new IOException(EVIL),
            new AbortException(EVIL),
            new IllegalStateException(EVIL),
            new OutOfMemoryError(EVIL),
            new IOException((String) null),
            Answers.unavailable(NativeUnavailableException.Reason.LOAD, EVIL),
            Answers.unavailable(NativeUnavailableException.Reason.NOEXEC, EVIL.repeat(1000)),
            Answers.unavailable(null, null)
        }) {
            clean(told(thrown));
        }
    }

    @Test
    void a15AnswersOfAnotherShapeAreFailuresNotCrashes() {
        for (Object answer : new Object[] {"text", 1, new byte[0], Answers.raw(null, null), Answers.raw(new byte[] {'{'}, null)}) {
            FakeChannel channel = new FakeChannel(task -> answer);
            AgentLink link = new AgentLink("a15-shape", "a15-shape", channel, "/r");
            assertThrows(NativeFailure.class, () -> link.end("l", "/d"));
            assertThrows(NativeFailure.class, () -> link.status());
        }
        java.util.ArrayList<Object> mixed = new java.util.ArrayList<>(java.util.List.of("not bytes"));
        Object odd = Answers.raw("linux", "0", mixed);
        AgentLink link = new AgentLink("a15-shape", "a15-shape", new FakeChannel(task -> odd), "/r");
        assertThrows(NativeFailure.class, () -> link.status());
    }
}
