// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** How an agent's words are kept: short, and those that many agents say once. */
final class Heard {
    /** Longest text that is kept. */
    static final int LONGEST = 500;
    /** Texts that are kept once; of more each agent keeps its own. */
    private static final int MOST_SHARED = 5000;

    private static final Map<String, String> SHARED = new ConcurrentHashMap<>();
    private static final Map<String, List<String>> WORDS = new ConcurrentHashMap<>();

    private Heard() {}

    static String text(Reply from, String name) {
        return kept(from.text(name));
    }

    static String kept(String text) {
        String bounded = AgentText.line(text, LONGEST);
        String known = SHARED.get(bounded);
        if (known != null) {
            return known;
        }
        if (SHARED.size() < MOST_SHARED) {
            SHARED.put(bounded, bounded);
        }
        return bounded;
    }

    /** One of a closed list; empty: it isn't. */
    static String word(Reply from, String name, String list) {
        String said = from.text(name);
        List<String> words = WORDS.computeIfAbsent(list, Vocabulary::words);
        int at = words.indexOf(said);
        return at < 0 ? "" : words.get(at);
    }
}
