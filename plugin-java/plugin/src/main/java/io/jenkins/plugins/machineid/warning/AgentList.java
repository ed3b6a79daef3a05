// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** Some agents, as a sentence has them: however many there are, it stays short. */
record AgentList(List<String> sorted) {
    private static final int SHOWN = 3;
    private static final int LONGEST = 80;

    static AgentList of(Collection<String> names) {
        return new AgentList(List.copyOf(new TreeSet<>(names)));
    }

    /** One agent's name, as it may stand in a sentence. */
    static String name(String agent) {
        return AgentText.line(agent, LONGEST);
    }

    int size() {
        return sorted.size();
    }

    @Override
    public String toString() {
        List<String> shown =
                sorted.stream().limit(SHOWN).map(AgentList::name).toList();
        if (size() == 1) {
            return Messages.Warning_agent(shown.get(0));
        }
        String more = size() > SHOWN ? ", …" : "";
        return Messages.Warning_agents(size(), String.join(", ", shown) + more);
    }
}
