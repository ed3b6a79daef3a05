// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.AgentReports;
import io.jenkins.plugins.machineid.report.LeaseReport;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Looks at what an agent holds: certificates that are new, and leases of builds that ended while it was away. */
final class Sweep {
    /** After its own start the controller needs a while to know all running builds again. */
    static final long GRACE_MS = 10 * 60_000L;

    /** Released in one round: an agent can name as many as it likes. */
    static final int MOST = 100;

    /** A lease is in as many engines as it was taken with configurations; each time is a note in the build's record. */
    static final int MOST_NOTES = 3;

    private static final Pattern LEASE = Pattern.compile("[0-9a-f]{32}");
    private static final long STARTED = System.nanoTime();

    private Sweep() {}

    static boolean due() {
        return (System.nanoTime() - STARTED) / 1_000_000 > GRACE_MS;
    }

    /** Asks the agent how it stands; what is new of its leases is noted with their builds, since it isn't told again. */
    static void look(String node, AgentLink link) throws IOException, InterruptedException {
        Map<String, Integer> notes = new HashMap<>();
        for (Reply status : link.status()) {
            for (Reply held : status.objects("leases")) {
                String lease = held.text("lease");
                if (notes.merge(lease, 1, Integer::sum) <= MOST_NOTES) {
                    ActiveLeases.get().note(node, held);
                }
            }
        }
    }

    /** @param release what is held for nobody */
    static void run(String node, AgentLink link, boolean release) throws IOException, InterruptedException {
        int left = MOST;
        look(node, link);
        // Also where nothing is new there: a build may have ended meanwhile.
        for (LeaseReport held : AgentReports.get().of(node).map(AgentReport::leases).orElse(List.of())) {
            String lease = held.lease();
            boolean nobodys = LEASE.matcher(lease).matches()
                    && !ActiveLeases.get().contains(node, lease)
                    && !Standing.holds(node, lease)
                    && !TrialLease.holds(lease);
            if (release && nobodys && left-- > 0) {
                link.release(lease);
            }
        }
    }
}
