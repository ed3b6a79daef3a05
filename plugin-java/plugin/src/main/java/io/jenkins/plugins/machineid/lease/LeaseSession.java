// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.security.ACL;
import hudson.security.ACLContext;
import hudson.slaves.WorkspaceList;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.io.Serializable;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;

/**
 * One block's lease, from the controller's side. What is saved is its name, its place and what was granted; the
 * policy is asked again whenever it is taken again, and each minute.
 */
public final class LeaseSession implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String lease;
    private final String nodeName;
    private final String agentName;
    private final String runId;
    private final String job;
    private final String parent;
    private final String directory;
    private final LeaseRequest request;
    private volatile boolean released;
    /** TCP ports that the block's clients know, one for each tunnel, 0 for a socket; null: it wasn't taken yet. */
    private volatile ArrayList<Integer> ports;
    /** It is being given back, which may take a while: nothing is signed for it any more. */
    private transient volatile boolean over;
    /** Made when it is needed: a lease that was saved is taken again. */
    private transient Renewal renewal;
    /** What its console was told of its connections; a restart of the controller may tell it again. */
    private transient TunnelNotice tunnelNotice;
    /** Null until it is known again after a restart. */
    private transient volatile Run<?, ?> build;

    LeaseSession(String lease, Computer computer, Run<?, ?> run, String parent, LeaseRequest request) {
        this.lease = lease;
        this.nodeName = computer.getName();
        this.agentName = computer.getDisplayName();
        this.build = run;
        this.runId = run.getExternalizableId();
        this.job = run.getParent().getFullName();
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
        // Arithmetic on the path; the agent isn't asked.
        FilePath temporary = workspace == null ? null : WorkspaceList.tempDir(workspace);
        if (computer == null || temporary == null) {
            throw new AbortException(Messages.Lease_needsAgent());
        }
        String job = run.getParent().getFullName();
        try {
            Settings settings = FolderIdentities.settings(run);
            Grant grant = settings.policy().decide(options.wish(job), NodeLookup.facts(computer));
            LeaseStatement.requireBuilds(settings, grant.identity());
            byte[] id = new byte[16];
            RANDOM.nextBytes(id);
            return new LeaseSession(
                    HexFormat.of().formatHex(id),
                    computer,
                    run,
                    Variables.checked(temporary.getRemote()),
                    new LeaseRequest(grant, options));
        } catch (Refusal refusal) {
            throw refused(run, refusal, computer.getDisplayName(), options.identity());
        } catch (IllegalArgumentException e) {
            throw new AbortException(Messages.Console_prefix() + e.getMessage() + " [request_invalid]");
        }
    }

    /**
     * Takes a place in the queue of those that are about to join.
     *
     * @param listener is told if there is a queue
     * @return done when the lease may be acquired, on a thread that may only hand work on; to be cancelled by whoever doesn't
     *     want it any more
     */
    public CompletableFuture<Void> queue(TaskListener listener) {
        JoinQueue queue = joinQueue().orElse(null);
        if (queue == null) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<Void> place = queue.enter(job, false);
        if (!place.isDone()) {
            listener.getLogger().println(Messages.Console_queued(queue.length()));
        }
        return place;
    }

    /** As the configuration has it now. */
    private Optional<JoinQueue> joinQueue() {
        return LeaseStatement.queue(FolderIdentities.settings(build), request.identity());
    }

    /** Whether it may be taken again now, after a restart; else it is in the queue. */
    boolean isTurn(Run<?, ?> run) {
        build = run;
        // What needs a statement waits for a pause, too: an agent that comes and goes gets no flood, and its files serve on.
        return joinQueue().isEmpty() ? renewal().isTurn() : renewal().beginAnew();
    }

    /** When it joins once more. */
    synchronized Renewal renewal() {
        if (renewal == null) {
            renewal = new Renewal(nodeName, job, this::joinQueue);
        }
        return renewal;
    }

    /** What the block's console is to be told of its connections, and wasn't yet. */
    synchronized List<String> failures(Reply lease) {
        if (tunnelNotice == null) {
            tunnelNotice = new TunnelNotice();
        }
        return hasListeners() ? tunnelNotice.lines(lease.texts("failures")) : List.of();
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
        return nodeName.isEmpty() || Jenkins.get().getNode(nodeName) != null;
    }

    /**
     * Whether the agent that went away in the middle of the set-up is back, and another statement may be signed for the block:
     * one that goes away each time gets no flood of them.
     */
    public boolean mayTryAgain() {
        Computer computer = NodeLookup.computer(nodeName);
        return renewal().isPauseOver() && computer != null && computer.isOnline() && computer.getChannel() != null;
    }

    /**
     * Takes the lease: the first time, or again after a restart of the controller or the agent. When it fails nothing
     * is left on the agent. Waits for the agent, as long as {@link AgentLink#ACQUIRE} says.
     *
     * @return the block's environment
     */
    public Map<String, String> acquire(Run<?, ?> run, TaskListener listener, boolean again)
            throws IOException, InterruptedException {
        LeaseObserver.Work work = again ? LeaseObserver.Work.AGAIN : LeaseObserver.Work.ACQUIRE;
        return ObservedWork.of(work, () -> take(run, listener, again));
    }

    private Map<String, String> take(Run<?, ?> run, TaskListener listener, boolean again)
            throws IOException, InterruptedException {
        Computer computer = computer();
        // Also the first time: it may have waited for its turn for long.
        recheck(run);
        if (again) {
            MachineIdAction.of(run).grantedBefore(allowance(), job);
        } else {
            MachineIdAction.of(run).grant(allowance(), job);
        }
        boolean held = false;
        try {
            LeaseFill filled = LeaseFill.of(this, run, computer);
            ports = filled.listeners().stream().map(Listener::port).collect(Collectors.toCollection(ArrayList::new));
            Map<String, String> environment =
                    Variables.of(request.outputs(), directory, Variables.proxy(cluster(run)), filled.expires());
            environment.putAll(TunnelVariables.of(request.tunnels(), filled.listeners(), directory, lease));
            listener.getLogger()
                    .println(again ? Messages.Console_again(request.identity()) : filled.firstLine(request, agentName));
            tunnelLines(again, filled.listeners()).forEach(listener.getLogger()::println);
            held = true;
            return environment;
        } finally {
            if (!held && !again) {
                releaseNow(run);
            }
        }
    }

    /** What the block is told of its databases and applications. */
    private List<String> tunnelLines(boolean again, List<Listener> listeners) {
        List<String> lines = new ArrayList<>();
        if (!hasListeners()) {
            return lines;
        }
        if (again) {
            // An agent that was away for a moment has kept them, and their connections.
            if (!listeners.stream().allMatch(Listener::kept)) {
                lines.add(Messages.Console_listenersAgain());
            }
            return lines;
        }
        String open = ports.stream().filter(port -> port != 0).map(String::valueOf).collect(Collectors.joining(", "));
        if (!open.isEmpty()) {
            lines.add(Messages.Console_ports(agentName, open));
        } else if (TunnelVariables.isFarAway(directory, lease)) {
            lines.add(Messages.Console_longPath(TunnelVariables.way(directory, lease)));
        }
        return lines;
    }

    /** Null: it wasn't taken yet. */
    List<Integer> ports() {
        return ports;
    }

    /** Whether clients of the block rely on the agent's process. */
    boolean hasListeners() {
        return !request.tunnels().isEmpty();
    }

    /** Whether it is to be renewed now. True once, for whoever does so. */
    boolean isDue(Run<?, ?> run) {
        build = run;
        return !released && !over && renewal().begin();
    }

    /**
     * Renews the lease in its place with a fresh statement. Only on a thread that may wait for agents.
     *
     * @throws AbortException among others {@link PolicyRefused} and {@link AuditViolation}; what is there serves on, and it
     *     is tried again soon
     */
    void renew(Run<?, ?> run) throws IOException, InterruptedException {
        ObservedWork.of(LeaseObserver.Work.RENEW, () -> {
            recheck(run);
            return LeaseFill.of(this, run, computer());
        });
    }

    /** @throws AbortException when the block is over, as it may be after a while in a queue */
    void requireHeld() throws AbortException {
        if (over || released) {
            throw new AbortException(Messages.Lease_over());
        }
    }

    /** Notes what an agent reports of this lease's certificates. */
    void note(Run<?, ?> run, Reply reply) throws AuditViolation {
        long lost = reply.number("certificates_dropped");
        require(MachineIdAction.of(run).record(allowance(), reply.objects("certificates"), lost));
    }

    /**
     * Gives the lease back, on a thread that waits for agents; harmless to repeat. What can't be done now is done when
     * the agent answers again.
     *
     * @return done after {@link LeaseEnd#PATIENCE_SECONDS} at the latest, never exceptionally, on a thread of the JDK's own
     */
    public CompletableFuture<Released> release() {
        return release(LeaseEnd.PATIENCE_SECONDS);
    }

    CompletableFuture<Released> release(long seconds) {
        return new LeaseEnd(this).within(seconds);
    }

    /** As {@link #release}, for a thread that may wait that long: one that runs a freestyle build. */
    public AuditViolation releaseAndWait(TaskListener listener) {
        return new LeaseEnd(this).awaited(listener);
    }

    /** Only on a thread that may wait for agents. */
    Released releaseNow(Run<?, ?> run) {
        return new LeaseEnd(this).now(run);
    }

    /** From now on nothing is signed for it. */
    void markOver() {
        over = true;
    }

    boolean isReleased() {
        return released;
    }

    void markReleased() {
        released = true;
    }

    /** On the agent, as the controller chose it. */
    String directory() {
        return directory;
    }

    String runId() {
        return runId;
    }

    String identity() {
        return request.identity();
    }

    LeaseRequest request() {
        return request;
    }

    /** The directory that holds the lease's. */
    String parent() {
        return parent;
    }

    /**
     * Asks the policy as of now.
     *
     * @throws PolicyRefused when it says no
     */
    void recheck(Run<?, ?> run) throws AbortException {
        Computer computer = NodeLookup.computer(nodeName);
        if (computer == null || computer.getNode() == null) {
            return;
        }
        try {
            FolderIdentities.settings(run)
                    .policy()
                    .confirm(request.grant(), run.getParent().getFullName(), NodeLookup.facts(computer));
        } catch (Refusal refusal) {
            throw new PolicyRefused(refused(run, refusal, agentName, request.identity()));
        }
    }

    private static AbortException refused(Run<?, ?> run, Refusal refusal, String agent, String identity) {
        MachineIdAction.of(run).refuse(refusal, agent, identity);
        return new AbortException(Messages.Console_prefix() + refusal.getMessage());
    }

    void require(String fault) throws AuditViolation {
        if (fault != null) {
            throw AuditViolation.of(agentName, runId, fault);
        }
    }

    Allowance allowance() {
        return request.allowance(lease, agentName);
    }

    private Cluster cluster(Run<?, ?> run) {
        Settings settings = FolderIdentities.settings(run);
        Identity identity = settings.identity(request.identity());
        return identity == null ? null : settings.cluster(identity.getCluster());
    }

    /** Null when the build is deleted. Looked up as the system: our own threads are nobody, who may see no job. */
    @SuppressWarnings("try")
    Run<?, ?> run() {
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            return Run.fromExternalizableId(runId);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    Computer computer() throws AbortException {
        Computer computer = NodeLookup.computer(nodeName);
        if (computer == null) {
            throw new AbortException(Messages.Lease_offline(agentName));
        }
        return computer;
    }

    /** The policy no longer allows a block that is running. */
    public static final class PolicyRefused extends AbortException {
        private static final long serialVersionUID = 1L;

        PolicyRefused(AbortException refusal) {
            super(refusal.getMessage());
        }
    }
}
