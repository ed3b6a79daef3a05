// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What goes over the pipes of a child process: a head and a body, each with its length in front, as {@code contract/README.md}
 * says. Bodies are carried, and not read.
 *
 * @param id of the call
 */
record BridgeMessage(long id, byte[] body) {
    /** As the contract's limits of the same names. */
    static final int HEAD_BYTES = 16 << 10;

    static final int REPLY_BYTES = 8 << 20;
    static final int REQUEST_BYTES = (1 << 20) + 1;

    /**
     * Whole multiples of this are written: the JDK's stream hands them on without keeping a copy in its buffer, where a token
     * would stay.
     */
    static final int BLOCK = 8192;

    private static final Pattern HEAD = Pattern.compile("\\{\"id\":(0|[1-9]\\d{0,17})\\}");
    private static final int LENGTH = Integer.BYTES;

    /** The bytes of a request, filled up with white space to whole blocks; to be wiped. */
    static byte[] request(long id, String call, long engine, byte[] body) {
        byte[] head = ("{\"id\":" + id + ",\"call\":\"" + call + "\",\"engine\":" + engine + "}")
                .getBytes(StandardCharsets.UTF_8);
        int least = LENGTH + head.length + LENGTH + body.length;
        int whole = (least + BLOCK - 1) / BLOCK * BLOCK;
        byte[] filled = Arrays.copyOf(head, head.length + whole - least);
        Arrays.fill(filled, head.length, filled.length, (byte) ' ');
        return ByteBuffer.allocate(whole)
                .putInt(filled.length)
                .put(filled)
                .putInt(body.length)
                .put(body)
                .array();
    }

    /**
     * The next reply.
     *
     * @throws EOFException nothing comes any more
     * @throws IOException it isn't one
     */
    static BridgeMessage read(InputStream from) throws IOException {
        DataInputStream in = new DataInputStream(from);
        Matcher head = HEAD.matcher(new String(part(in, HEAD_BYTES), StandardCharsets.US_ASCII));
        if (!head.matches()) {
            throw new IOException("what it says is no reply");
        }
        return new BridgeMessage(Long.parseLong(head.group(1)), part(in, REPLY_BYTES));
    }

    private static byte[] part(DataInputStream in, int most) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > most) {
            throw new IOException("it announces " + Integer.toUnsignedString(length) + " bytes; at most " + most + " are read");
        }
        // Not all at once: what is announced needn't come.
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }
}
