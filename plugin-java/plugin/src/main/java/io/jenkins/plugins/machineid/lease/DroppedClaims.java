// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.report.AgentReport;
import io.jenkins.plugins.machineid.report.IdentityReport;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.logging.Logger;

/**
 * Agents that tell of identities which they may not use: how many such claims there are, and a line in the log for each agent,
 * once, when it goes on for a while. A moment of it is no lie: an identity that was just taken from an agent, or that a folder
 * has just got.
 */
public final class DroppedClaims {
    /** How long it goes on before it is said. */
    static final Duration PATIENCE = Duration.ofMinutes(3);
    /** Agents that are watched; what more of them say is counted all the same. */
    static final int MOST = 1000;

    private static final DroppedClaims INSTANCE = new DroppedClaims(Logger.getLogger(Believed.class.getName())::warning, System::nanoTime);

    /** When it began; said: not any more. */
    private record Since(long nanos, boolean said) {}

    private final Consumer<String> log;
    private final LongSupplier nanos;
    private final Map<String, Since> agents = new HashMap<>();
    private volatile int number;

    DroppedClaims(Consumer<String> log, LongSupplier nanos) {
        this.log = log;
        this.nanos = nanos;
    }

    static DroppedClaims get() {
        return INSTANCE;
    }

    /** How many there were when it was last looked. */
    public static int number() {
        return INSTANCE.number;
    }

    /**
     * @param said by the names of nodes
     * @param left what is left of it
     */
    synchronized void counted(Map<String, AgentReport> said, Map<String, AgentReport> left, int dropped) {
        number = dropped;
        agents.keySet().retainAll(said.keySet());
        said.forEach((node, report) -> {
            AgentReport allowed = left.get(node);
            if (allowed == null || allowed.identities().size() == report.identities().size()) {
                agents.remove(node);
            } else if (agents.containsKey(node) || agents.size() < MOST) {
                agents.merge(node, new Since(nanos.getAsLong(), false), (since, now) -> told(since, report, allowed));
            }
        });
    }

    private Since told(Since since, AgentReport report, AgentReport allowed) {
        if (since.said() || nanos.getAsLong() - since.nanos() < PATIENCE.toNanos()) {
            return since;
        }
        Set<String> known = new HashSet<>();
        allowed.identities().forEach(identity -> known.add(identity.id()));
        String first = report.identities().stream()
                .map(IdentityReport::id)
                .filter(id -> !known.contains(id))
                .findFirst()
                .orElse("");
        log.accept("agent " + report.agent() + " tells of " + (report.identities().size() - known.size())
                + " identities that it may not use, '" + first + "' among them: what it says of these is left out. If it might use them before, restart it; else look who controls it");
        return new Since(since.nanos(), true);
    }
}
