// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Computer;
import hudson.model.Node;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.agent.Hashes;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.audit.Inspection;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.config.StandingDestination;
import io.jenkins.plugins.machineid.credential.CredentialTrouble;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Standing destinations: taken when an agent comes online, looked at again in each round. The library keeps them fresh, but
 * for those whose agent this controller vouches for: they join once more with a fresh statement each time.
 */
final class Standing {
    /** The lease, and what it is taken with: configuration and request. */
    record Held(String lease, String state) {}

    /** Releases a lease on the agent. */
    interface Release {
        void of(String lease) throws IOException, InterruptedException;
    }

    /** Takes what is wanted on the agent. */
    interface Acquire {
        Reply now() throws IOException, InterruptedException;
    }

    /** By node: what is held there, to see a change of the configuration. */
    private static final Map<String, Held> HELD = new ConcurrentHashMap<>();

    /** When a node's destination joins with a statement. Kept while the agent is away, so that coming back gains nothing. */
    private static final Map<Joining, Renewal> JOINS = new ConcurrentHashMap<>();

    private record Joining(String node, String identity) {}

    private Standing() {}

    /** The lease id of a destination: the same each time, so that taking it again is no second lease. */
    static String lease(String nodeName, String path) {
        byte[] digest = Hashes.sha256().digest(("standing\n" + nodeName + "\n" + path).getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest, 0, 16);
    }

    /** True when this lease is the node's standing one, as far as this controller knows. */
    static boolean holds(String nodeName, String lease) {
        Held held = HELD.get(nodeName);
        return held != null && held.lease().equals(lease);
    }

    static void agentLost(String nodeName) {
        HELD.remove(nodeName);
    }

    /**
     * Takes what is configured and not yet held; releases what is configured no more, or no longer allowed.
     *
     * @return a line for the agent's log, or null when there was nothing to do
     */
    static String keep(Computer computer) throws IOException, InterruptedException {
        String node = computer.getName();
        Release release = lease -> AgentLink.to(computer).release(lease);
        StandingDestination standing = configured(computer);
        if (standing == null) {
            joinNoMore(node);
            letGo(node, release);
            return null;
        }
        // Before the policy is asked about the agent: a machine that takes its place meanwhile isn't the one that was allowed.
        AgentLink link = AgentLink.to(computer);
        Settings settings = MachineIdConfiguration.get().settings();
        LeaseRequest request;
        EngineConfig config;
        try {
            request = request(settings, computer, standing);
            config = NodeLookup.engineConfig(settings, computer, request.identity());
        } catch (CredentialTrouble trouble) {
            // No refusal: a store that is out of order for an hour ends nothing.
            throw trouble;
        } catch (AbortException refused) {
            letGo(node, release);
            throw refused;
        }
        String lease = lease(node, standing.getPath());
        byte[] json = request.json(lease, standing.getPath(), true, "agent");
        try (config) {
            Held wanted = new Held(lease, config.key() + new String(json, StandardCharsets.UTF_8));
            Renewal joins = joins(settings, node, request.identity());
            Reply reply = keep(node, wanted, joins, release, () -> ObservedWork.of(LeaseObserver.Work.STANDING, () -> {
                // Releasing what was there may have taken a while.
                request(MachineIdConfiguration.get().settings(), computer, standing);
                try (LeaseStatement statement =
                        LeaseStatement.ofAgent(settings, request.identity(), computer.getNode())) {
                    config.used(null, computer.getNode());
                    Reply taken;
                    try {
                        taken = link.acquire(config, request.identity(), lease, null, json, statement.bytes());
                    } catch (NativeFailure e) {
                        throw JoinAdvice.told(e, link, computer.getDisplayName(), settings, request.identity());
                    }
                    inspect(request.allowance(lease, computer.getDisplayName()), standing.getPath(), taken);
                    if (joins != null) {
                        joins.plan(Instant.now(), taken.time("expires_at"));
                    }
                    return taken;
                }
            }));
            return reply == null
                    ? null
                    : Messages.Console_standing(standing.getPath(), request.identity(), reply.text("expires_at"));
        }
    }

    /** When the destination joins with a statement; null: it does so without one. */
    private static Renewal joins(Settings settings, String node, String identity) {
        if (LeaseStatement.queue(settings, identity).isEmpty()) {
            return null;
        }
        // No job is called so.
        String turns = "/agent/" + node;
        return JOINS.computeIfAbsent(
                new Joining(node, identity),
                key -> new Renewal(
                        node,
                        turns,
                        () -> LeaseStatement.queue(MachineIdConfiguration.get().settings(), key.identity())));
    }

    /** Nobody waits for a turn any more. */
    private static void joinNoMore(String node) {
        JOINS.forEach((key, joins) -> {
            if (key.node().equals(node)) {
                joins.leaveQueue();
            }
        });
    }

    static void nodeDeleted(String node) {
        agentLost(node);
        joinNoMore(node);
        JOINS.keySet().removeIf(key -> key.node().equals(node));
    }

    /**
     * Takes what isn't held, and joins once more where it is time.
     *
     * @param joins null: by itself, and the library renews
     * @return null when there is nothing to do, or not yet
     */
    static Reply keep(String node, Held wanted, Renewal joins, Release release, Acquire acquire)
            throws IOException, InterruptedException {
        if (joins == null) {
            return settle(node, wanted, release, acquire);
        }
        if (!wanted.equals(HELD.get(node))) {
            return joins.beginAnew() ? settle(node, wanted, release, acquire) : null;
        }
        if (!joins.begin()) {
            return null;
        }
        try {
            return acquire.now();
        } catch (AuditViolation e) {
            letGo(node, release);
            throw e;
        }
    }

    /** No build's record is there for a standing destination: what isn't as allowed is in the log, and isn't held. */
    private static void inspect(Allowance allowed, String path, Reply reply) throws AuditViolation {
        Instant now = Instant.now();
        String fault = Inspection.expiry(allowed, reply.time("expires_at"), now);
        for (Reply certificate : reply.objects("certificates")) {
            fault = fault == null ? Inspection.fault(allowed, certificate, null, now) : fault;
        }
        if (fault != null) {
            throw AuditViolation.of(allowed.agent(), path, fault);
        }
    }

    /**
     * Brings what a node holds in line with what is wanted. The library takes no id twice, and an engine of an older
     * configuration would go on writing: what is there is released first. The files of a standing lease stay.
     *
     * @return null when it was so already
     */
    static Reply settle(String node, Held wanted, Release release, Acquire acquire)
            throws IOException, InterruptedException {
        if (wanted.equals(HELD.get(node))) {
            return null;
        }
        letGo(node, release);
        // Also one that an earlier controller or a failed try left there.
        release.of(wanted.lease());
        Reply reply = acquire.now();
        HELD.put(node, wanted);
        return reply;
    }

    /** Forgotten only when it is released: else tried again in the next round. */
    static void letGo(String node, Release release) throws IOException, InterruptedException {
        Held held = HELD.get(node);
        if (held != null) {
            release.of(held.lease());
            HELD.remove(node);
        }
    }

    private static LeaseRequest request(Settings settings, Computer computer, StandingDestination standing)
            throws AbortException {
        LeaseOptions options = new LeaseOptions(
                standing.getIdentity(),
                standing.getRoles(),
                null,
                standing.kubernetes(),
                null,
                standing.getReaders(),
                null);
        try {
            Grant grant = settings.policy().decide(options.wish(null), NodeLookup.facts(computer));
            LeaseStatement.requireAgents(settings, grant.identity(), computer.getDisplayName());
            return new LeaseRequest(grant, options);
        } catch (Refusal refusal) {
            throw new AbortException(Messages.Console_prefix() + refusal.getMessage());
        }
    }

    private static StandingDestination configured(Computer computer) {
        Node node = computer.getNode();
        MachineIdNodeProperty property = node == null ? null : node.getNodeProperty(MachineIdNodeProperty.class);
        return property == null ? null : property.getStanding();
    }
}
