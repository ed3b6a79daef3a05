// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The library's calls done by a child process, which is started at the first call and again at the first one after its end.
 *
 * <p>What it held in memory is lost with it, as what the library holds is with the JVM: its engines are gone, and leases are
 * taken again by the next one.
 */
final class ChildApi implements NativeApi {
    private static final Logger LOGGER = Logger.getLogger(ChildApi.class.getName());
    private static final byte[] NOTHING = new byte[0];
    /** Seconds: the longest deadline of a lease, and a minute. */
    private static final long ACQUIRE = 3600 + 60;
    /** Seconds for all else, which the library ends sooner by itself. */
    private static final long OTHER = 300;

    /** Starts the process. */
    @FunctionalInterface
    interface Starter {
        ChildProcess start() throws IOException;
    }

    private final Starter starter;
    private final long mostSeconds;
    private ChildProcess child;
    private long losses;

    ChildApi(Starter starter) {
        this(starter, Long.MAX_VALUE);
    }

    /** @param mostSeconds no call may take longer */
    ChildApi(Starter starter, long mostSeconds) {
        this.starter = starter;
        this.mostSeconds = mostSeconds;
    }

    /** Starts it now, so that it is known whether that is possible. */
    void startNow() throws IOException {
        running();
    }

    private synchronized ChildProcess running() throws IOException {
        if (child != null && child.hasEnded()) {
            child = null;
            losses++;
        }
        if (child == null) {
            child = starter.start();
        }
        return child;
    }

    @Override
    public synchronized boolean holds(long engine) {
        return child != null && child.holds(engine);
    }

    @Override
    public synchronized long losses() {
        return losses + (child != null && child.hasEnded() ? 1 : 0);
    }

    @Override
    public synchronized void rest() {
        if (child != null) {
            child.leave();
            child = null;
        }
    }

    /** Calls that wait for their replies. */
    synchronized int waiting() {
        return child == null ? 0 : child.waiting();
    }

    /** Its process id; 0: none runs. */
    synchronized long processId() {
        return child == null || child.hasEnded() ? 0 : child.id();
    }

    private byte[] ask(String call, long engine, byte[] body, long seconds) {
        if (body.length > BridgeMessage.REQUEST_BYTES) {
            return failure("request_invalid", "has " + body.length + " bytes", "this is a defect of the plugin", "no");
        }
        try {
            return running().ask(call, engine, body, Math.min(seconds, mostSeconds));
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "machine-id: the process that does the library''s work on this agent is gone: {0}", e.getMessage());
            return failure(
                    "bridge_ended",
                    "the process that does the library's work on this agent is gone: " + e.getMessage(),
                    "it is started again by the next call; its last words are in the agent's log",
                    "later");
        }
    }

    private static byte[] failure(String code, String message, String hint, String retry) {
        return ("{\"error\":{\"code\":\"" + code + "\",\"message\":" + JsonMembers.quote(message) + ",\"hint\":"
                        + JsonMembers.quote(hint) + ",\"retry\":\"" + retry + "\"}}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Compared with the process' own at each start. */
    @Override
    public int abiVersion() {
        return MachineIdNative.ABI;
    }

    @Override
    public byte[] open(byte[] config) {
        return ask("open", 0, config, OTHER);
    }

    @Override
    public byte[] check(byte[] config) {
        return ask("check", 0, config, OTHER);
    }

    @Override
    public byte[] acquire(long engine, byte[] request) {
        return ask("acquire", engine, request, ACQUIRE);
    }

    @Override
    public byte[] release(long engine, byte[] leaseId) {
        return ask("release", engine, leaseId, OTHER);
    }

    @Override
    public byte[] discard(byte[] request) {
        return ask("discard", 0, request, OTHER);
    }

    @Override
    public byte[] renew(long engine, byte[] identityId) {
        return ask("renew", engine, identityId, OTHER);
    }

    @Override
    public byte[] drop(long engine, byte[] identityId) {
        return ask("drop", engine, identityId, OTHER);
    }

    @Override
    public byte[] status(long engine) {
        return ask("status", engine, NOTHING, OTHER);
    }

    @Override
    public byte[] close(long engine) {
        // What isn't there any more needs no process to end it.
        return holds(engine) ? ask("close", engine, NOTHING, OTHER) : "{\"ok\":{}}".getBytes(StandardCharsets.UTF_8);
    }
}
