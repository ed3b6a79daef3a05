// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Tells a block why connections to its databases and applications fail, as its agent says: once for each cause, and not for ever. */
final class TunnelNotice {
    /** Lines of one block: an agent can think of any number of causes. */
    static final int MOST = 20;
    /** Characters of one line. */
    static final int LONGEST = 500;

    private final Set<String> told = new HashSet<>();

    /**
     * What is to be told now.
     *
     * @param failures the agent's words
     */
    synchronized List<String> lines(List<String> failures) {
        List<String> lines = new ArrayList<>();
        for (String failure : failures) {
            String line = AgentText.line(failure, LONGEST);
            if (!line.isEmpty() && told.size() < MOST && told.add(RenewalNotice.cause(line))) {
                lines.add(Messages.Console_tunnel(line));
            }
        }
        return lines;
    }
}
