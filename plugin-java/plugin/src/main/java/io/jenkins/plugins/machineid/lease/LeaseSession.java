// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.slaves.WorkspaceList;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import java.io.IOException;
import java.io.Serializable;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One block's lease, from the controller's side. What is saved is its name, its place and what was granted; the
 * policy is asked again whenever it is taken again.
 */
public final class LeaseSession implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Logger LOGGER = Logger.getLogger(LeaseSession.class.getName());
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String lease;
    private final String nodeName;
    private final String agentName;
    private final String parent;
    private final String directory;
    private final LeaseRequest request;
    private volatile boolean released;

    private LeaseSession(
            String lease, Computer computer, String parent, LeaseRequest request) {
        this.lease = lease;
        this.nodeName = computer.getName();
        this.agentName = computer.getDisplayName();
        this.parent = parent;
        this.directory = parent + "/machine-id-" + lease;
        this.request = request;
    }

    /**
     * Asks the policy. Nothing happens on the agent yet.
     *
     * @param computer null: used outside of an agent
     * @param workspace null: as above
     */
    public static LeaseSession plan(Run<?, ?> run, Computer computer, FilePath workspace, LeaseOptions options)
            throws AbortException {
        FilePath temporary = workspace == null ? null : WorkspaceList.tempDir(workspace);
        if (computer == null || temporary == null) {
            throw new AbortException(Messages.Lease_needsAgent());
        }
        String job = run.getParent().getFullName();
        try {
            Grant grant = MachineIdConfiguration.get().policy().decide(options.wish(job), NodeLookup.facts(computer));
            byte[] id = new byte[16];
            RANDOM.nextBytes(id);
            return new LeaseSession(
                    HexFormat.of().formatHex(id),
                    computer,
                    temporary.getRemote(),
                    new LeaseRequest(grant, options));
        } catch (Refusal refusal) {
            throw refused(run, refusal, computer.getDisplayName());
        } catch (IllegalArgumentException e) {
            throw new AbortException(Messages.Console_prefix() + e.getMessage() + " [request_invalid]");
        }
    }

    public String lease() {
        return lease;
    }

    public String nodeName() {
        return nodeName;
    }

    /** As shown to people. */
    public String agentName() {
        return agentName;
    }

    /** False once the node is deleted, as cloud agents are. */
    public boolean nodeExists() {
        return NodeLookup.computer(nodeName) != null;
    }

    public boolean agentOnline() {
        Computer computer = NodeLookup.computer(nodeName);
        return computer != null && computer.isOnline() && computer.getChannel() != null;
    }

    /**
     * Takes the lease: the first time, or again after a restart of the controller or the agent. When it fails nothing
     * is left on the agent.
     *
     * @return the block's environment
     */
    public Map<String, String> acquire(Run<?, ?> run, TaskListener listener, boolean again)
            throws IOException, InterruptedException {
        Computer computer = computer();
        if (again) {
            recheck(run, computer);
        }
        boolean held = false;
        try (EngineConfig config = NodeLookup.engineConfig(computer, request.identity())) {
            byte[] json = request.json(lease, directory, false, NodeLookup.scope(request.identity()));
            Reply reply = AgentLink.to(computer).acquire(config, request.identity(), lease, parent, json);
            MachineIdAction.of(run).record(request.identity(), agentName, reply.objects("certificates"));
            listener.getLogger().println(again ? Messages.Console_again(request.identity()) : startLine(reply));
            held = true;
            return reply.environment();
        } finally {
            if (!held && !again) {
                releaseQuietly();
            }
        }
    }

    /** Gives the lease back; harmless to repeat. Never throws: what can't be done now is done by the sweep. */
    public void release(TaskListener listener) {
        if (released) {
            return;
        }
        String fate = releaseQuietly();
        if (listener != null) {
            listener.getLogger().println(endLine(fate));
        }
    }

    /** One line for people: a build whose files lie elsewhere must not end as if they were gone. */
    private String endLine(String fate) {
        if (fate == null) {
            return Messages.Console_owed(request.identity(), agentName);
        }
        return switch (fate) {
            case "removed" -> Messages.Console_end(request.identity());
            case "absent" -> Messages.Console_endAbsent(request.identity(), directory);
            default -> Messages.Console_endNotOurs(request.identity(), directory);
        };
    }

    /** What became of the directory, as the agent says; null: not done yet. */
    private String releaseQuietly() {
        // An abort interrupts this thread; the clean-up goes on, and the interrupt is kept for whoever asks next.
        boolean interrupted = Thread.interrupted();
        try {
            Reply reply = AgentLink.to(computer()).release(lease, directory, true);
            released = true;
            ActiveLeases.get().remove(lease);
            return reply.text("directory");
        } catch (IOException | RuntimeException e) {
            LOGGER.log(Level.FINE, e, () -> "lease " + lease + " is released when " + agentName + " is back");
            ActiveLeases.get().owe(this);
            return null;
        } catch (InterruptedException e) {
            interrupted = true;
            ActiveLeases.get().owe(this);
            return null;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void recheck(Run<?, ?> run, Computer computer) throws AbortException {
        try {
            MachineIdConfiguration.get()
                    .policy()
                    .decide(request.wish(run.getParent().getFullName()), NodeLookup.facts(computer));
        } catch (Refusal refusal) {
            throw new PolicyRefused(refused(run, refusal, agentName));
        }
    }

    private static AbortException refused(Run<?, ?> run, Refusal refusal, String agent) {
        MachineIdAction.of(run).refuse(refusal, agent);
        return new AbortException(Messages.Console_prefix() + refusal.getMessage());
    }

    private Computer computer() throws AbortException {
        Computer computer = NodeLookup.computer(nodeName);
        if (computer == null) {
            throw new AbortException(Messages.Lease_offline(agentName));
        }
        return computer;
    }

    private String startLine(Reply reply) {
        String roles = request.roles().isEmpty() ? grantedRoles(reply) : String.join(", ", request.roles());
        return Messages.Console_start(
                request.identity(), roles, reply.text("expires_at"), Durations.text(request.ttlSeconds()), agentName);
    }

    private static String grantedRoles(Reply reply) {
        return reply.objects("certificates").stream()
                .findFirst()
                .map(certificate -> String.join(", ", certificate.texts("roles")))
                .orElse("");
    }

    /** The policy no longer allows a block that is running. */
    public static final class PolicyRefused extends AbortException {
        private static final long serialVersionUID = 1L;

        PolicyRefused(AbortException refusal) {
            super(refusal.getMessage());
        }
    }
}
