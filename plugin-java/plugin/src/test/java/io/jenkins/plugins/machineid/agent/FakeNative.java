// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Notes the calls; replies as the contract says. */
final class FakeNative implements NativeApi {
    /** Something to do while a lease is being taken. */
    interface Hook {
        void run() throws InterruptedException;
    }

    final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    String openReply;
    Hook duringAcquire = () -> {};
    Hook duringRelease = () -> {};
    final Set<Long> lost = new HashSet<>();
    private int next = 1;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void run(Hook hook) {
        try {
            hook.run();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean holds(long engine) {
        return !lost.contains(engine);
    }

    @Override
    public int abiVersion() {
        return MachineIdNative.ABI;
    }

    @Override
    public byte[] open(byte[] config) {
        if (openReply != null) {
            return bytes(openReply);
        }
        calls.add("open " + next);
        return bytes("{\"ok\": {\"engine\": " + next++ + "}}");
    }

    @Override
    public byte[] check(byte[] config) {
        return bytes("{\"ok\":{}}");
    }

    @Override
    public byte[] acquire(long engine, byte[] request) {
        calls.add("acquire " + engine);
        run(duringAcquire);
        return bytes("{\"ok\":{}}");
    }

    @Override
    public byte[] release(long engine, byte[] leaseId) {
        calls.add("release " + engine + " " + new String(leaseId, StandardCharsets.UTF_8));
        run(duringRelease);
        return bytes("{\"ok\":{\"released\":true}}");
    }

    @Override
    public byte[] discard(byte[] request) {
        calls.add("discard");
        return bytes("{\"ok\":{\"released\":true,\"directory\":\"removed\",\"certificates\":[]}}");
    }

    @Override
    public byte[] renew(long engine, byte[] identityId) {
        return bytes("{\"ok\":{}}");
    }

    @Override
    public byte[] drop(long engine, byte[] identityId) {
        calls.add("drop " + engine);
        return bytes("{\"ok\":{\"dropped\":true}}");
    }

    @Override
    public byte[] status(long engine) {
        return bytes("{\"ok\":{}}");
    }

    @Override
    public byte[] close(long engine) {
        calls.add("close " + engine);
        return bytes("{\"ok\":{}}");
    }
}
