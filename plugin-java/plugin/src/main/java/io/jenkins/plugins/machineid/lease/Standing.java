// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.model.Computer;
import hudson.model.Node;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.config.StandingDestination;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Standing destinations: taken when an agent comes online, looked at again in each round. */
final class Standing {
    /** By node: what is held there, to see a change of the configuration. */
    private static final Map<String, String> HELD = new ConcurrentHashMap<>();

    private Standing() {}

    /** The lease id of a destination: the same each time, so that taking it again is no second lease. */
    static String lease(String nodeName, String path) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(("standing\n" + nodeName + "\n" + path).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** True when this lease is one that the configuration of its node asks for. */
    static boolean wanted(Computer computer, String lease) {
        StandingDestination standing = configured(computer);
        return standing != null && lease(computer.getName(), standing.getPath()).equals(lease);
    }

    static void agentLost(String nodeName) {
        HELD.remove(nodeName);
    }

    /**
     * Takes what is configured and not yet held.
     *
     * @return a line for the agent's log, or null when there was nothing to do
     */
    static String keep(Computer computer) throws IOException, InterruptedException {
        StandingDestination standing = configured(computer);
        if (standing == null) {
            HELD.remove(computer.getName());
            return null;
        }
        LeaseRequest request = request(computer, standing);
        String lease = lease(computer.getName(), standing.getPath());
        byte[] json = request.json(lease, standing.getPath(), true, "agent");
        try (EngineConfig config = NodeLookup.engineConfig(computer, request.identity())) {
            String state = config.key() + new String(json, StandardCharsets.UTF_8);
            if (state.equals(HELD.get(computer.getName()))) {
                return null;
            }
            Reply reply = AgentLink.to(computer).acquire(config, request.identity(), lease, null, json);
            HELD.put(computer.getName(), state);
            return Messages.Console_standing(standing.getPath(), request.identity(), reply.text("expires_at"));
        }
    }

    private static LeaseRequest request(Computer computer, StandingDestination standing) throws AbortException {
        LeaseOptions options = new LeaseOptions(
                standing.getIdentity(),
                standing.getRoles(),
                null,
                standing.kubernetes(),
                null,
                standing.getReaders(),
                null);
        try {
            Grant grant = MachineIdConfiguration.get()
                    .policy()
                    .decide(options.wish(null), NodeLookup.facts(computer));
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
