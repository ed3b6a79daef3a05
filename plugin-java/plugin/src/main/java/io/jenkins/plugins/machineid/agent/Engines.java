// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The open engines below one root directory: one for each configuration of an identity.
 *
 * <p>A changed configuration opens a new engine; the old one is closed when its last lease is released, so that
 * running blocks stay fresh. Native calls are made outside of the lock: one may wait for the network.
 */
final class Engines {
    private static final class Engine {
        final String identity;
        final long handle;
        final Set<String> leases = new HashSet<>();
        boolean superseded;

        Engine(String identity, long handle) {
            this.identity = identity;
            this.handle = handle;
        }
    }

    private static final int MAX_GIVEN_BACK = 1000;
    private static final byte[] CANCELLED =
            "{\"error\":{\"code\":\"cancelled\",\"message\":\"the lease was given back\",\"hint\":\"\",\"retry\":\"no\"}}"
                    .getBytes(StandardCharsets.UTF_8);

    private final NativeApi api;
    private final Map<String, Engine> byKey = new LinkedHashMap<>();
    /** Ids that are over: a call to take one may still be on its way when the build was aborted. */
    private final Map<String, Boolean> givenBack = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MAX_GIVEN_BACK;
        }
    };

    Engines(NativeApi api) {
        this.api = api;
    }

    /**
     * Opens an engine unless one is open for this key.
     *
     * @param key stands for the whole configuration; made by the controller
     * @return the reply of {@code open}, or {@code {"ok":{}}} when nothing had to be done
     */
    byte[] open(String key, String identity, byte[] config) {
        List<Engine> idle = new ArrayList<>();
        synchronized (this) {
            Engine known = open(key);
            if (known != null) {
                supersede(identity);
                known.superseded = false;
                return "{\"ok\":{}}".getBytes(StandardCharsets.UTF_8);
            }
        }
        byte[] reply = api.open(config);
        EngineReply.handle(reply).ifPresent(handle -> {
            synchronized (this) {
                if (open(key) != null) {
                    idle.add(new Engine(identity, handle));
                    return;
                }
                supersede(identity);
                byKey.put(key, new Engine(identity, handle));
                idle.addAll(takeIdle());
            }
        });
        idle.forEach(engine -> api.close(engine.handle));
        return reply;
    }

    /** The reply, or null when no engine is open for the key. */
    byte[] acquire(String key, String lease, byte[] request) {
        Engine engine;
        synchronized (this) {
            engine = open(key);
            if (engine == null) {
                return null;
            }
            if (givenBack.containsKey(lease)) {
                return CANCELLED.clone();
            }
            // Noted before the call, so that a release at the same time finds it.
            engine.leases.add(lease);
        }
        byte[] reply = api.acquire(engine.handle, request);
        boolean over;
        synchronized (this) {
            over = givenBack.containsKey(lease);
        }
        if (over) {
            api.release(engine.handle, lease.getBytes(StandardCharsets.UTF_8));
            return CANCELLED.clone();
        }
        return reply;
    }

    /**
     * Releases it on every engine that has it: a standing lease may have been taken anew with a changed
     * configuration. Of several replies the first; null when none has it: then {@link DiscardTask} ends what an earlier
     * process may have left.
     *
     * @param forGood the id will not be taken again
     */
    byte[] release(String lease, boolean forGood) {
        List<Engine> holders = new ArrayList<>();
        synchronized (this) {
            if (forGood) {
                givenBack.put(lease, true);
            }
            forgetLost();
            byKey.values().stream().filter(engine -> engine.leases.contains(lease)).forEach(holders::add);
        }
        byte[] reply = null;
        for (Engine engine : holders) {
            byte[] one = api.release(engine.handle, lease.getBytes(StandardCharsets.UTF_8));
            if (!api.holds(engine.handle)) {
                // Lost meanwhile: the lease's files are ended without it.
                continue;
            }
            reply = reply == null ? one : reply;
        }
        if (reply == null) {
            return null;
        }
        List<Engine> idle;
        synchronized (this) {
            holders.forEach(engine -> engine.leases.remove(lease));
            idle = takeIdle();
        }
        idle.forEach(unused -> api.close(unused.handle));
        return reply;
    }

    /** The reply, or null when no engine is open for the key. */
    byte[] renew(String key, String identity) {
        Engine engine;
        synchronized (this) {
            engine = open(key);
        }
        return engine == null ? null : api.renew(engine.handle, identity.getBytes(StandardCharsets.UTF_8));
    }

    /** The reply, or null when no engine is open for the key. Other engines of the identity keep theirs until they end. */
    byte[] drop(String key, String identity) {
        Engine engine;
        synchronized (this) {
            engine = open(key);
        }
        return engine == null ? null : api.drop(engine.handle, identity.getBytes(StandardCharsets.UTF_8));
    }

    /** One reply for each open engine. */
    List<byte[]> status() {
        List<Engine> open;
        synchronized (this) {
            forgetLost();
            open = new ArrayList<>(byKey.values());
        }
        List<byte[]> replies = new ArrayList<>();
        open.forEach(engine -> replies.add(api.status(engine.handle)));
        return replies;
    }

    /** Closes everything; harmless twice. Files of leases are left to the library's own rules. */
    void closeAll() {
        List<Engine> open;
        synchronized (this) {
            open = new ArrayList<>(byKey.values());
            byKey.clear();
        }
        open.forEach(engine -> api.close(engine.handle));
    }

    /** The engine of a key; null: there is none. */
    private Engine open(String key) {
        forgetLost();
        return byKey.get(key);
    }

    /** Those that were lost with their process: nothing is to be closed. */
    private void forgetLost() {
        byKey.values().removeIf(engine -> !api.holds(engine.handle));
    }

    private void supersede(String identity) {
        for (Engine other : byKey.values()) {
            other.superseded |= other.identity.equals(identity);
        }
    }

    private List<Engine> takeIdle() {
        List<Engine> idle = new ArrayList<>();
        byKey.values().removeIf(engine -> {
            boolean done = engine.superseded && engine.leases.isEmpty();
            if (done) {
                idle.add(engine);
            }
            return done;
        });
        return idle;
    }
}
