// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.step;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.lease.ActiveLeases;
import io.jenkins.plugins.machineid.lease.AgentGone;
import io.jenkins.plugins.machineid.lease.AgentWork;
import io.jenkins.plugins.machineid.lease.LeaseOptions;
import io.jenkins.plugins.machineid.lease.LeaseSession;
import io.jenkins.plugins.machineid.lease.Released;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jenkinsci.plugins.workflow.steps.BodyExecution;
import org.jenkinsci.plugins.workflow.steps.BodyExecutionCallback;
import org.jenkinsci.plugins.workflow.steps.EnvironmentExpander;
import org.jenkinsci.plugins.workflow.steps.GeneralNonBlockingStepExecution;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/**
 * Runs a block. Saved with the build: which lease, which body, and how the body ended.
 *
 * <p>The lease is given back when the body ends, when set-up fails, when the step is stopped, and by the run's end;
 * each of them may come twice.
 */
final class MachineIdStepExecution extends GeneralNonBlockingStepExecution {
    private static final long serialVersionUID = 1L;
    /** How long set-up waits for an agent that went away. */
    private static final long RECONNECT_SECONDS = 300;
    /** And how often: one that goes away each time is no agent. */
    private static final int RECONNECTS = 10;

    /** Only needed until the session is planned; a block that is planned again asks for it after a restart. */
    private final SavedOptions options;

    private LeaseSession session;
    private BodyExecution body;
    private boolean bodyEnded;
    private Object result;
    private Throwable failure;
    /** Why the lease may not be held any more; the block fails however its body ended. */
    private volatile AbortException refusal;
    private transient volatile boolean stopped;
    private transient volatile Future<?> settingUp;
    /** How often the agent went away in the middle of the set-up. */
    private transient int gone;

    MachineIdStepExecution(StepContext context, LeaseOptions options) {
        super(context);
        this.options = new SavedOptions(options);
    }

    @Override
    public boolean start() {
        run(this::setUpLater);
        return false;
    }

    /** In the agent's own queue: a hundred blocks on an agent that hangs hold a few threads, not a hundred. */
    private void setUpLater() throws IOException, InterruptedException {
        Computer computer = getContext().get(Computer.class);
        String node = computer == null ? "" : computer.getName();
        // What the policy refuses takes nobody's place.
        CompletableFuture<Void> turn = plan(getContext().get(Run.class)).queue(getContext().get(TaskListener.class));
        synchronized (this) {
            settingUp = turn;
            if (stopped) {
                turn.cancel(true);
            }
        }
        // No thread waits.
        turn.thenRun(() -> submitSetUp(node));
    }

    private synchronized void submitSetUp(String node) {
        try {
            if (!stopped) {
                settingUp = AgentWork.submit(AgentWork.Kind.SET_UP, node, this::setUpOrFail);
            }
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // Nobody else would hear of it, and the block would wait for ever.
            getContext().onFailure(e);
        }
    }

    private void setUpOrFail() {
        try {
            setUp();
        } catch (Exception e) {
            // When it was stopped that has been told already; the stack of this thread says nothing more.
            if (!stopped) {
                getContext().onFailure(e);
            }
        }
    }

    /**
     * An agent that goes away meanwhile is waited for, as {@code sh} does. When the controller ends, the channels close
     * first: the wait ends with the process, and {@link #onResume} sets up again.
     */
    private void setUp() throws Exception {
        StepContext context = getContext();
        TaskListener listener = context.get(TaskListener.class);
        try {
            attempt(context.get(Run.class), listener);
        } catch (AgentGone e) {
            if (gone++ == RECONNECTS) {
                throw e;
            }
            listener.getLogger().println(Messages.Console_waiting(session.agentName()));
            awaitAgent(e);
            // It joins once more, in its turn.
            setUpLater();
        }
    }

    private void attempt(Run<?, ?> run, TaskListener listener) throws IOException, InterruptedException {
        LeaseSession planned = plan(run);
        session = planned;
        ActiveLeases.get().add(new Holder(this, planned, run, listener), false);
        boolean started = false;
        try {
            Map<String, String> environment = planned.acquire(run, listener, false);
            started = startBody(environment);
        } finally {
            if (!started) {
                planned.release();
            }
        }
    }

    private void awaitAgent(AgentGone why) throws AgentGone, InterruptedException {
        long end = System.nanoTime() + RECONNECT_SECONDS * 1_000_000_000L;
        while (System.nanoTime() < end && session.nodeExists()) {
            Thread.sleep(1000);
            if (session.mayTryAgain()) {
                return;
            }
        }
        throw why;
    }

    private LeaseSession plan(Run<?, ?> run) throws IOException, InterruptedException {
        StepContext context = getContext();
        return LeaseSession.plan(run, context.get(Computer.class), context.get(FilePath.class), options.get());
    }

    /** False when the step was stopped in the meantime. */
    private synchronized boolean startBody(Map<String, String> environment) throws IOException, InterruptedException {
        if (stopped) {
            return false;
        }
        if (refusal != null) {
            throw refusal;
        }
        StepContext context = getContext();
        EnvironmentExpander expander = EnvironmentExpander.merge(
                context.get(EnvironmentExpander.class),
                new NodeEnvironment(context.get(EnvVars.class), environment));
        body = context.newBodyInvoker()
                .withContext(expander)
                .withCallback(new Ended(this))
                .start();
        return true;
    }

    /** The body is stopped through itself, so that its end releases; set-up is interrupted and cleans up after it. */
    @Override
    public void stop(Throwable cause) throws Exception {
        BodyExecution running;
        synchronized (this) {
            stopped = true;
            running = body;
        }
        if (running != null && !bodyEnded) {
            running.cancel(cause);
            return;
        }
        super.stop(cause);
        Future<?> waiting = settingUp;
        if (waiting != null) {
            waiting.cancel(true);
        }
        LeaseSession taken = session;
        if (taken != null) {
            // Also cancels an acquire that is still waiting on the agent.
            taken.release();
        }
    }

    /** After a restart of the controller: set-up is done again, a body goes on, a clean-up is finished. */
    @Override
    public void onResume() {
        LeaseSession taken = session;
        if (taken == null || (body == null && !bodyEnded)) {
            run(this::setUpAgain);
            return;
        }
        if (bodyEnded) {
            finishLater();
            return;
        }
        AgentWork.submit(AgentWork.Kind.SET_UP, taken.nodeName(), () -> resumeBody(taken));
    }

    private void setUpAgain() throws IOException, InterruptedException {
        LeaseSession before = session;
        if (before != null) {
            before.release();
        }
        setUpLater();
    }

    private void resumeBody(LeaseSession taken) {
        try {
            StepContext context = getContext();
            Holder holder = new Holder(this, taken, context.get(Run.class), context.get(TaskListener.class));
            ActiveLeases.get().add(holder, true);
            ActiveLeases.get().refresh(taken.nodeName());
        } catch (IOException | RuntimeException e) {
            getContext().onFailure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void bodyEnded(Object value, Throwable why) {
        result = value instanceof Serializable ? value : null;
        failure = refusal == null ? why : refusal;
        bodyEnded = true;
        finishLater();
    }

    /** Called on Pipeline's own threads: the agent is waited for on others, and not for ever. */
    private void finishLater() {
        session.release().thenAccept(
                released -> AgentWork.submit(AgentWork.Kind.LOCAL, "", () -> finish(released)));
    }

    private void finish(Released released) {
        try {
            if (!released.lines().isEmpty()) {
                released.lines().forEach(getContext().get(TaskListener.class).getLogger()::println);
            }
        } catch (IOException | RuntimeException e) {
            if (failure != null) {
                failure.addSuppressed(e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Throwable why = failure == null ? released.violation() : failure;
        if (why == null) {
            getContext().onSuccess(result);
        } else {
            getContext().onFailure(why);
        }
    }

    @Override
    public String getStatus() {
        if (session == null) {
            return Messages.Step_statusPlanning();
        }
        return body == null ? Messages.Step_statusSetUp(session.nodeName()) : Messages.Step_statusBody(session.lease());
    }

    /** How the body ended. */
    private static final class Ended extends BodyExecutionCallback {
        private static final long serialVersionUID = 1L;

        private final MachineIdStepExecution execution;

        Ended(MachineIdStepExecution execution) {
            this.execution = execution;
        }

        @Override
        public void onSuccess(StepContext context, Object value) {
            execution.bodyEnded(value, null);
        }

        @Override
        public void onFailure(StepContext context, Throwable why) {
            execution.bodyEnded(null, why);
        }
    }

    /** What the housekeeping knows of a block; lives as long as the process. */
    private static final class Holder implements ActiveLeases.Holder {
        private final MachineIdStepExecution execution;
        private final LeaseSession session;
        private final Run<?, ?> run;
        private final TaskListener listener;

        Holder(MachineIdStepExecution execution, LeaseSession session, Run<?, ?> run, TaskListener listener) {
            this.execution = execution;
            this.session = session;
            this.run = run;
            this.listener = listener;
        }

        @Override
        public LeaseSession session() {
            return session;
        }

        @Override
        public Run<?, ?> run() {
            return run;
        }

        @Override
        public TaskListener listener() {
            return listener;
        }

        @Override
        public void refused(AbortException why) {
            execution.refusal = why;
            BodyExecution running;
            synchronized (execution) {
                running = execution.body;
            }
            if (running != null) {
                running.cancel(why);
            }
            // Its files are gone at once, whatever the body does about being cancelled.
            session.release();
        }
    }
}
