// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import io.jenkins.plugins.machineid.agent.Hashes;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * One line: a cause, and what it is about, however many agents are concerned.
 *
 * @param subject the identity, cluster, key or platform; may hold an agent's words, in one line
 * @param concerned agents, as shown to people; none: it isn't about agents
 * @param sentence for people, in one line
 * @param place where something can be done, as a path below Jenkins' own address
 * @param id of this cause, this subject and what is said about it beside the agents: another id, another warning
 */
public record Warning(Cause cause, String subject, Set<String> concerned, String sentence, String place, String id) {
    public Warning {
        concerned = Set.copyOf(concerned);
    }

    /**
     * @param details what makes it another warning when it changes: all that changes its meaning, and nothing that changes by
     *     itself or with the number of agents, as times and who says it
     */
    static Warning of(
            Cause cause, String subject, List<String> details, Collection<String> agents, String sentence, String place) {
        String all = String.join("\n", cause.name(), subject, String.join("\n", details));
        byte[] digest = Hashes.sha256().digest(all.getBytes(StandardCharsets.UTF_8));
        return new Warning(cause, subject, Set.copyOf(agents), sentence, place, HexFormat.of().formatHex(digest, 0, 16));
    }

    /** How many are concerned. */
    int agents() {
        return concerned.size();
    }
}
