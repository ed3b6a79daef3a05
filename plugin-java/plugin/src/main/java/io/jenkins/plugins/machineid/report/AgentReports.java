// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * What each agent last said of itself, by the name of its node: in memory alone, and forgotten with the controller's process. A
 * report is an agent's word about itself; no agent can speak of another one, since the name is the controller's own.
 */
public final class AgentReports {
    /** How often an agent is asked that holds nothing and has no trouble. */
    public static final Duration SELDOM = Duration.ofMinutes(5);

    /** An agent that is there says something more often. */
    public static final Duration OLD = SELDOM.multipliedBy(3);

    private static final AgentReports INSTANCE = new AgentReports();

    private final Map<String, AgentReport> byNode = new ConcurrentHashMap<>();
    /** Something was done there since it was asked. */
    private final Set<String> touched = ConcurrentHashMap.newKeySet();

    AgentReports() {}

    public static AgentReports get() {
        return INSTANCE;
    }

    /** @param node name of the node; empty: the built-in one */
    public Optional<AgentReport> of(String node) {
        return Optional.ofNullable(byNode.get(node));
    }

    /** All of them by the names of their nodes; not to be changed. */
    public Map<String, AgentReport> all() {
        return Map.copyOf(byNode);
    }

    /** What is to be sent along when an agent is asked; null: all is wanted. */
    public String number(String node) {
        AgentReport known = byNode.get(node);
        return known == null ? null : known.number();
    }

    /** An agent has answered. */
    public void heard(String node, AgentReport report) {
        touched.remove(node);
        byNode.compute(node, (unused, known) -> report.after(known));
    }

    /** Whether the process that had an agent's engines has ended since it was heard last, and its JVM lives on. */
    public boolean hasLostEngines(String node, AgentReport report) {
        AgentReport known = byNode.get(node);
        return known != null
                && known.served() != null
                && report.served() != null
                && report.served().losses() > known.served().losses();
    }

    /**
     * An agent was asked, and hasn't answered, or nothing that can be used. What was known of it stays, with its age.
     *
     * @param agent as shown to people
     * @param why as a sentence
     */
    public void unanswered(String node, String agent, String why, Instant now) {
        byNode.compute(node, (unused, known) -> (known == null ? AgentReport.none(agent) : known).unanswered(why, now));
    }

    /**
     * An agent has answered that all is as before.
     *
     * @return what that is; empty: nothing is known, so that the answer is none
     */
    public Optional<AgentReport> heardAgain(String node, Instant now) {
        touched.remove(node);
        return Optional.ofNullable(byNode.computeIfPresent(node, (unused, known) -> known.heardAgain(now)));
    }

    /** Something was done on the agent: it is asked in the next round. */
    public void touched(String node) {
        touched.add(node);
    }

    /**
     * Whether an agent is to be asked in this round.
     *
     * @param holds whether this controller knows of leases there
     */
    public boolean isDue(String node, boolean holds, Instant now) {
        AgentReport known = byNode.get(node);
        return known == null
                || holds
                || touched.contains(node)
                || known.isLively()
                || known.heardAt() == null
                || !now.isBefore(known.heardAt().plus(SELDOM));
    }

    /** The node is deleted. */
    public void forget(String node) {
        byNode.remove(node);
        touched.remove(node);
    }

    /** Forgets all nodes that aren't there any more, also those whose agent has answered while they were deleted. */
    public void retain(Predicate<String> exists) {
        byNode.keySet().removeIf(exists.negate());
        touched.removeIf(exists.negate());
    }
}
