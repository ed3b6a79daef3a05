// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;

/** A lease that no build holds: in a directory of its own in the agent's root directory, taken once, given back at once. */
final class TrialLease {
    private static final Logger LOGGER = Logger.getLogger(TrialLease.class.getName());
    private static final SecureRandom RANDOM = new SecureRandom();
    /** Those under way: a round of upkeep ends what nobody holds. */
    private static final Set<String> HELD = ConcurrentHashMap.newKeySet();
    /** Shares no key with any build. */
    private static final String SCOPE = "build";

    private final AgentLink link;
    private final String agent;
    private final String lease;
    private final String directory;
    private final LeaseRequest request;

    /**
     * @param agent as shown to people
     * @param root the agent's root directory, as {@link Variables#checked} lets it through
     */
    TrialLease(AgentLink link, String agent, String root, Grant grant) {
        byte[] id = new byte[16];
        RANDOM.nextBytes(id);
        this.link = link;
        this.agent = agent;
        this.lease = HexFormat.of().formatHex(id);
        this.directory = root + "/machine-id-" + lease;
        this.request = new LeaseRequest(grant, LeaseOptions.NONE);
    }

    static boolean holds(String lease) {
        return HELD.contains(lease);
    }

    Allowance allowance() {
        return request.allowance(lease, agent);
    }

    /** To be given back, also when it fails. */
    Reply take(EngineConfig config, BuildStatement statement) throws IOException, InterruptedException {
        HELD.add(lease);
        byte[] json = request.json(lease, directory, false, SCOPE);
        return link.acquire(config, request.identity(), lease, null, json, statement.bytes());
    }

    /**
     * What isn't given back now is when the agent's next round of upkeep finds that nobody holds it.
     *
     * @return how it went, for people
     */
    String giveBack() {
        boolean interrupted = Thread.interrupted();
        try {
            Reply reply = link.end(lease, directory);
            boolean gone = !reply.flag("released") || reply.text("directory").equals("removed");
            return gone ? Messages.Try_over() : Messages.Try_left(directory, agent);
        } catch (IOException e) {
            LOGGER.warning(() -> "the lease of a trial on " + agent + " is ended when it answers again: " + e.getMessage());
            return Messages.Try_owed(agent);
        } catch (InterruptedException e) {
            interrupted = true;
            return Messages.Try_owed(agent);
        } finally {
            HELD.remove(lease);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
