// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Computer;
import java.io.IOException;

/** Releases the leases that an agent holds for nobody: of builds that ended while it was away. */
final class Sweep {
    /** After its own start the controller needs a while to know all running builds again. */
    static final long GRACE_MS = 10 * 60_000L;

    private static final long STARTED = System.nanoTime();

    private Sweep() {}

    static boolean due() {
        return (System.nanoTime() - STARTED) / 1_000_000 > GRACE_MS;
    }

    static void run(Computer computer) throws IOException, InterruptedException {
        AgentLink link = AgentLink.to(computer);
        for (Reply status : link.status()) {
            for (Reply held : status.objects("leases")) {
                String lease = held.text("lease");
                if (!ActiveLeases.get().contains(lease) && !Standing.holds(computer.getName(), lease)) {
                    link.release(lease, null, false);
                }
            }
        }
    }
}
