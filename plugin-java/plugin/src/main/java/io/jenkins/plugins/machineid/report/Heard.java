// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.lang.ref.WeakReference;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How an agent's words are kept: short, those that many agents say once, and of one report no more than there is room for.
 * Sizes are those of a 64-bit JVM with compressed references.
 */
final class Heard {
    /** Longest text that is kept. */
    static final int LONGEST = 500;

    /** Of a text and of its array, without what it says. */
    private static final int TEXT_BYTES = 40;
    /** Of its entry below. */
    private static final int SHARED_BYTES = 120;

    /** A text is here as long as some report has it: it goes with its agent. */
    private static final Map<String, WeakReference<String>> SHARED = new WeakHashMap<>();
    private static final Map<String, List<String>> WORDS = new ConcurrentHashMap<>();

    private final Set<String> charged = new HashSet<>();
    private long room;

    /** @param bytes that a report may take, or a part of it */
    Heard(int bytes) {
        this.room = bytes;
    }

    /** @param other whose texts take no room here */
    Heard(int bytes, Heard other) {
        this(bytes);
        charged.addAll(other.charged);
    }

    /**
     * Makes room for one more thing.
     *
     * @param bytes of it, without its texts
     * @return false: there is none, and it is to be left out
     */
    boolean takes(int bytes) {
        room -= bytes;
        return room >= 0;
    }

    /** Whether all that was taken until now had room. */
    boolean fits() {
        return room >= 0;
    }

    /** Empty when there is none, or no room for it. */
    String text(Reply from, String name) {
        return kept(from.text(name));
    }

    /** As {@link #text}, of what no other agent says. */
    String own(Reply from, String name, int longest) {
        String bounded = AgentText.line(from.text(name), longest);
        return takes(TEXT_BYTES + bytes(bounded)) ? bounded : "";
    }

    /** As {@link #text}. */
    String kept(String text) {
        String bounded = AgentText.line(text, LONGEST);
        if (bounded.isEmpty()) {
            return "";
        }
        // Whether another agent says it may change at any time.
        if (!charged.contains(bounded) && !takes(TEXT_BYTES + SHARED_BYTES + bytes(bounded))) {
            return "";
        }
        String one = shared(bounded);
        charged.add(one);
        return one;
    }

    private static String shared(String text) {
        synchronized (SHARED) {
            WeakReference<String> known = SHARED.get(text);
            String one = known == null ? null : known.get();
            if (one == null) {
                SHARED.put(text, new WeakReference<>(text));
                return text;
            }
            return one;
        }
    }

    /** How many texts are kept once. */
    static int shared() {
        synchronized (SHARED) {
            return SHARED.size();
        }
    }

    private static int bytes(String text) {
        return text.chars().allMatch(c -> c < 256) ? text.length() : 2 * text.length();
    }

    /** One of a closed list; empty: it isn't. */
    static String word(Reply from, String name, String list) {
        String said = from.text(name);
        List<String> words = WORDS.computeIfAbsent(list, Vocabulary::words);
        int at = words.indexOf(said);
        return at < 0 ? "" : words.get(at);
    }
}
