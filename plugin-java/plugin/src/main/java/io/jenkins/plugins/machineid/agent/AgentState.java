// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import hudson.remoting.Channel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What this JVM holds for one agent: whoever does the calls, the engines, the key that tokens are sealed to. */
final class AgentState {
    private static final Map<String, AgentState> BY_ROOT = new ConcurrentHashMap<>();
    /** Why the library couldn't be loaded the last time, by root. */
    private static final Map<String, NativeUnavailableException> UNAVAILABLE = new ConcurrentHashMap<>();
    private static final SealedBox BOX = new SealedBox();
    /** The open channels by root: an agent may be connected anew before the old channel has told its end. */
    private static final Map<String, Set<Channel>> CHANNELS = new HashMap<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(AgentState::closeAll, "machine-id-close"));
    }

    private final Path root;
    private final NativeLibrary library;
    private final Engines engines;

    private AgentState(Path root, NativeLibrary library) {
        this.root = root;
        this.library = library;
        this.engines = new Engines(library.api());
    }

    /**
     * The state for an agent's root directory; the library is loaded at the first call.
     *
     * @param root as the controller names it
     */
    static AgentState of(String root) throws NativeUnavailableException {
        AgentState state = BY_ROOT.get(root);
        if (state == null) {
            NativeLibrary library = load(root);
            state = BY_ROOT.computeIfAbsent(root, path -> new AgentState(Path.of(path), library));
        }
        watch(Channel.current(), root);
        return state;
    }

    private static NativeLibrary load(String root) throws NativeUnavailableException {
        try {
            NativeLibrary library = NativeLibrary.load(Path.of(root));
            UNAVAILABLE.remove(root);
            return library;
        } catch (NativeUnavailableException e) {
            UNAVAILABLE.put(root, e);
            throw e;
        }
    }

    /** Why the library couldn't be loaded the last time; null: it wasn't tried, or could. */
    static NativeUnavailableException unavailable(String root) {
        return UNAVAILABLE.get(root);
    }

    /** Null when nothing has used the library yet. */
    static AgentState existing(String root) {
        return BY_ROOT.get(root);
    }

    Engines engines() {
        return engines;
    }

    NativeApi api() {
        return library.api();
    }

    SealedBox box() {
        return BOX;
    }

    String stateDirectory() {
        return root.resolve("machine-id").toString();
    }

    /** How the calls of this agent are done. */
    Service service() {
        return library.service();
    }

    Helper helper() throws NativeUnavailableException {
        return library.helper(root);
    }

    /** When the controller is gone nobody can release: engines are closed, and opened again on demand. */
    private static void watch(Channel channel, String root) {
        if (channel == null) {
            return;
        }
        synchronized (CHANNELS) {
            if (!CHANNELS.computeIfAbsent(root, unused -> new HashSet<>()).add(channel)) {
                return;
            }
        }
        channel.addListener(new CloseEngines(root));
    }

    private static void closed(Channel channel, String root) {
        synchronized (CHANNELS) {
            Set<Channel> open = CHANNELS.getOrDefault(root, new HashSet<>());
            open.remove(channel);
            if (!open.isEmpty()) {
                return;
            }
            CHANNELS.remove(root);
        }
        AgentState state = BY_ROOT.remove(root);
        if (state != null) {
            state.engines.closeAll();
            if (BY_ROOT.isEmpty()) {
                state.api().rest();
            }
        }
    }

    private static void closeAll() {
        BY_ROOT.values().forEach(state -> state.engines.closeAll());
    }

    private static final class CloseEngines extends Channel.Listener {
        private final String root;

        CloseEngines(String root) {
            this.root = root;
        }

        @Override
        public void onClosed(Channel channel, IOException cause) {
            closed(channel, root);
        }
    }
}
