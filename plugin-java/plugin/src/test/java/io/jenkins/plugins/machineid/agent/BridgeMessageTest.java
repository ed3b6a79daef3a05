// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BridgeMessageTest {
    private static BridgeMessage read(byte[] bytes) throws IOException {
        return BridgeMessage.read(new ByteArrayInputStream(bytes));
    }

    @Test
    void the_limits_are_the_contracts() {
        assertEquals(Vocabulary.limit("bridge_head_bytes"), BridgeMessage.HEAD_BYTES);
        assertEquals(Vocabulary.limit("bridge_reply_bytes"), BridgeMessage.REPLY_BYTES);
        assertEquals(Vocabulary.limit("request_bytes") + 1, BridgeMessage.REQUEST_BYTES);
        assertEquals(BridgeMessage.REPLY_BYTES, Reply.MAX_BYTES, "what an agent passes on is read");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8000, 8100, 8140, 8192, 20000, BridgeMessage.REQUEST_BYTES})
    void a_request_fills_whole_blocks_and_leaves_the_body_as_it_is(int length) {
        byte[] body = new byte[length];
        Arrays.fill(body, (byte) 'x');
        byte[] request = BridgeMessage.request(Long.MAX_VALUE, "acquire", Long.MIN_VALUE, body);
        assertEquals(0, request.length % BridgeMessage.BLOCK);
        ByteBuffer read = ByteBuffer.wrap(request);
        byte[] head = new byte[read.getInt()];
        assertTrue(head.length <= BridgeMessage.HEAD_BYTES, head.length + " bytes");
        read.get(head);
        assertEquals(
                "{\"id\":9223372036854775807,\"call\":\"acquire\",\"engine\":-9223372036854775808}",
                new String(head, StandardCharsets.UTF_8).trim());
        byte[] carried = new byte[read.getInt()];
        read.get(carried);
        assertArrayEquals(body, carried);
        assertEquals(0, read.remaining());
    }

    @Test
    void a_reply_is_read_as_it_was_written() throws IOException {
        BridgeMessage reply = read(Helpers.reply(7, "{\"ok\":{}}"));
        assertEquals(7, reply.id());
        assertEquals("{\"ok\":{}}", new String(reply.body(), StandardCharsets.UTF_8));
    }

    @Test
    void a_pipe_that_ends_is_an_end_wherever_it_is() {
        byte[] whole = Helpers.reply(7, "{}");
        for (int cut = 0; cut < whole.length; cut++) {
            byte[] torn = Arrays.copyOf(whole, cut);
            assertThrows(EOFException.class, () -> read(torn));
        }
    }

    @Test
    void any_bytes_are_read_or_refused() {
        Random random = new Random(20261129);
        byte[] whole = Helpers.joined(Helpers.reply(7, "{\"ok\":{}}"), Helpers.reply(8, ""));
        for (int round = 0; round < 20_000; round++) {
            byte[] changed = round % 2 == 0 ? new byte[random.nextInt(60)] : whole.clone();
            if (round % 2 == 0) {
                random.nextBytes(changed);
            } else {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
            }
            try {
                read(changed);
            } catch (IOException e) {
                assertTrue(e instanceof EOFException || !e.getMessage().isEmpty());
            }
        }
    }
}
