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
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.access.Grant;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.agent.Hashes;
import io.jenkins.plugins.machineid.audit.Allowance;
import io.jenkins.plugins.machineid.audit.Inspection;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.folder.FolderIdentities;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;

/**
 * One block's lease, from the controller's side. What is saved is its name, its place and what was granted; the
 * policy is asked again whenever it is taken again, and each minute.
 */
public final class LeaseSession implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Logger LOGGER = Logger.getLogger(LeaseSession.class.getName());
    private static final SecureRandom RANDOM = new SecureRandom();
    /** How long the end of a block waits for its agent; then the lease is released when the agent answers again. */
    static final long PATIENCE_SECONDS = 60;

    private final String lease;
    private final String nodeName;
    private final String agentName;
    private final String runId;
    private final String job;
    private final String parent;
    private final String directory;
    private final LeaseRequest request;
    private volatile boolean released;
    /** It is being given back, which may take a while: nothing is signed for it any more. */
    private transient volatile boolean over;
    /** Made when it is needed: a lease that was saved is taken again. */
    private transient Renewal renewal;
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
            throw refused(run, refusal, computer.getDisplayName());
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
        CompletableFuture<Void> place = queue.enter(job);
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

    public boolean agentOnline() {
        Computer computer = NodeLookup.computer(nodeName);
        return computer != null && computer.isOnline() && computer.getChannel() != null;
    }

    /**
     * Takes the lease: the first time, or again after a restart of the controller or the agent. When it fails nothing
     * is left on the agent. Waits for the agent, as long as {@link AgentLink#ACQUIRE} says.
     *
     * @return the block's environment
     */
    public Map<String, String> acquire(Run<?, ?> run, TaskListener listener, boolean again)
            throws IOException, InterruptedException {
        Computer computer = computer();
        // Also the first time: it may have waited for its turn for long.
        recheck(run);
        if (!again) {
            MachineIdAction.of(run).grant(allowance(), job);
        }
        boolean held = false;
        try {
            Reply reply = fill(run, computer);
            Instant expires = expires(reply);
            Map<String, String> environment =
                    Variables.of(request.outputs(), directory, Variables.proxy(cluster(run)), expires);
            listener.getLogger()
                    .println(again ? Messages.Console_again(request.identity()) : startLine(reply, expires));
            held = true;
            return environment;
        } finally {
            if (!held && !again) {
                releaseNow(run);
            }
        }
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
        recheck(run);
        fill(run, computer());
    }

    /** Has certificates issued into the lease's directory, and believes nothing of what the agent says about them. */
    private Reply fill(Run<?, ?> run, Computer computer) throws IOException, InterruptedException {
        // Before the policy is asked about the agent: a machine that takes its place meanwhile isn't the one that was allowed.
        AgentLink link = AgentLink.to(computer);
        Settings settings = FolderIdentities.settings(run);
        requireHeld();
        try (EngineConfig config = NodeLookup.engineConfig(settings, computer, request.identity());
                LeaseStatement statement = LeaseStatement.ofBuild(settings, request.identity(), run, computer.getNode())) {
            byte[] json = request.json(
                    lease,
                    directory,
                    false,
                    NodeLookup.scope(settings, request.identity()),
                    statement.isNeeded() ? share(run) : null);
            config.used(run, computer.getNode());
            requireHeld();
            Reply reply = link
                    .acquire(config, request.identity(), lease, parent, json, statement.bytes());
            note(run, reply);
            require(reply.objects("certificates").isEmpty() ? Messages.Audit_none() : null);
            Instant now = Instant.now();
            Instant expires = expires(reply);
            require(Inspection.expiry(allowance(), expires, now));
            if (statement.isNeeded()) {
                renewal().plan(now, expires);
            }
            return reply;
        }
    }

    /** @throws AbortException when the block is over, as it may be after a while in a queue */
    private void requireHeld() throws AbortException {
        if (over || released) {
            throw new AbortException(Messages.Lease_over());
        }
    }

    /** Blocks of this build with this identity on this node: the same is stated about them. */
    private String share(Run<?, ?> run) {
        // By the name that is stated, not by the one that the block began with: a new job may have that now.
        String build = runId + "\n" + run.getParent().getFullName();
        byte[] digest = Hashes.sha256()
                .digest((build + "\n" + request.identity() + "\n" + nodeName).getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest, 0, 16);
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
     * @return done after {@link #PATIENCE_SECONDS} at the latest, never exceptionally, on a thread of the JDK's own
     */
    public CompletableFuture<Released> release() {
        return release(PATIENCE_SECONDS);
    }

    CompletableFuture<Released> release(long seconds) {
        CompletableFuture<Released> done = new CompletableFuture<>();
        if (released) {
            done.complete(new Released(null, null));
            return done;
        }
        over = true;
        renewal().leaveQueue();
        AgentWork.submit(AgentWork.Kind.RELEASE, nodeName, () -> done.complete(releaseNow(run())));
        return done.completeOnTimeout(owed(), seconds, TimeUnit.SECONDS);
    }

    /** As {@link #release}, for a thread that may wait that long: one that runs a freestyle build. */
    public AuditViolation releaseAndWait(TaskListener listener) {
        // An abort interrupts this thread; the clean-up goes on, and the interrupt is kept for whoever asks next.
        boolean interrupted = Thread.interrupted();
        try {
            Released done = release().join();
            if (done.line() != null) {
                listener.getLogger().println(done.line());
            }
            return done.violation();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Only on a thread that may wait for agents. */
    Released releaseNow(Run<?, ?> run) {
        if (released) {
            return new Released(null, null);
        }
        over = true;
        boolean interrupted = Thread.interrupted();
        try {
            Reply reply = AgentLink.to(computer()).end(lease, directory);
            released = true;
            ActiveLeases.get().remove(lease);
            return ended(run, reply);
        } catch (IOException | RuntimeException e) {
            LOGGER.log(Level.FINE, e, () -> "lease " + lease + " is released when " + agentName + " is back");
            ActiveLeases.get().owe(this);
            return owed();
        } catch (InterruptedException e) {
            interrupted = true;
            ActiveLeases.get().owe(this);
            return owed();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Released ended(Run<?, ?> run, Reply reply) {
        // Where there was no lease either, an earlier try that wasn't answered in time has ended it.
        String state = reply.flag("released") ? reply.text("directory") : "removed";
        String line = Released.line(request.identity(), directory, state);
        if (state.equals("absent") || state.equals("not_ours")) {
            LOGGER.warning(() -> runId + ", " + agentName + ": " + line);
        }
        AuditViolation violation = null;
        if (run != null) {
            try {
                note(run, reply);
            } catch (AuditViolation e) {
                violation = e;
            }
            MachineIdAction.of(run).released(lease);
        }
        return new Released(line, violation);
    }

    private Released owed() {
        return new Released(Messages.Console_owed(request.identity(), agentName), null);
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
            throw new PolicyRefused(refused(run, refusal, agentName));
        }
    }

    private static AbortException refused(Run<?, ?> run, Refusal refusal, String agent) {
        MachineIdAction.of(run).refuse(refusal, agent);
        return new AbortException(Messages.Console_prefix() + refusal.getMessage());
    }

    private void require(String fault) throws AuditViolation {
        if (fault != null) {
            throw AuditViolation.of(agentName, runId, fault);
        }
    }

    private Allowance allowance() {
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

    private Computer computer() throws AbortException {
        Computer computer = NodeLookup.computer(nodeName);
        if (computer == null) {
            throw new AbortException(Messages.Lease_offline(agentName));
        }
        return computer;
    }

    private String startLine(Reply reply, Instant expires) {
        String roles = request.roles().isEmpty() ? grantedRoles(reply) : String.join(", ", request.roles());
        return Messages.Console_start(
                request.identity(), roles, expires.toString(), Durations.text(request.ttlSeconds()), agentName);
    }

    private static Instant expires(Reply reply) throws NativeFailure {
        Instant time = reply.time("expires_at");
        return time == null ? null : time.truncatedTo(ChronoUnit.SECONDS);
    }

    private static String grantedRoles(Reply reply) {
        return reply.objects("certificates").stream()
                .findFirst()
                .map(certificate -> AgentText.line(String.join(", ", certificate.texts("roles"))))
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
