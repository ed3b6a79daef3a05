// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.audit.MachineIdAction;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** How a block's lease is given back: at once where its agent answers, else when it answers again. */
final class LeaseEnd {
    /** How long the end of a block waits for its agent; then the lease is released when the agent answers again. */
    static final long PATIENCE_SECONDS = 60;

    private static final Logger LOGGER = Logger.getLogger(LeaseEnd.class.getName());
    /** It was released before. */
    private static final Released BEFORE = new Released(List.of(), null, null);

    private final LeaseSession session;

    LeaseEnd(LeaseSession session) {
        this.session = session;
    }

    /** On a thread that waits for agents; owed when the time is over. */
    CompletableFuture<Released> within(long seconds) {
        if (session.isReleased()) {
            return CompletableFuture.completedFuture(BEFORE);
        }
        CompletableFuture<Released> done = new CompletableFuture<>();
        session.markOver();
        session.renewal().leaveQueue();
        AgentWork.submit(AgentWork.Kind.RELEASE, session.nodeName(), () -> done.complete(now(session.run())));
        return done.completeOnTimeout(owed(), seconds, TimeUnit.SECONDS);
    }

    /** For a thread that may wait for as long as the end of a block does. */
    AuditViolation awaited(TaskListener listener) {
        // An abort interrupts this thread; the clean-up goes on, and the interrupt is kept for whoever asks next.
        boolean interrupted = Thread.interrupted();
        try {
            Released done = within(PATIENCE_SECONDS).join();
            done.lines().forEach(listener.getLogger()::println);
            return done.violation();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Only on a thread that may wait for agents. */
    Released now(Run<?, ?> run) {
        if (session.isReleased()) {
            return BEFORE;
        }
        session.markOver();
        boolean interrupted = Thread.interrupted();
        try {
            Reply reply = AgentLink.to(session.computer()).end(session.lease(), session.directory());
            session.markReleased();
            ActiveLeases.get().remove(session.lease());
            return ended(run, reply);
        } catch (IOException | RuntimeException e) {
            LOGGER.log(Level.FINE, e, () -> "lease " + session.lease() + " is released when " + session.agentName() + " is back");
            ActiveLeases.get().owe(session);
            return owed();
        } catch (InterruptedException e) {
            interrupted = true;
            ActiveLeases.get().owe(session);
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
        String line = Released.line(session.identity(), session.directory(), state);
        if (state.equals("absent") || state.equals("not_ours")) {
            LOGGER.warning(() -> session.runId() + ", " + session.agentName() + ": " + line);
        }
        AuditViolation violation = null;
        if (run != null) {
            try {
                session.note(run, reply);
            } catch (AuditViolation e) {
                violation = e;
            }
            MachineIdAction.of(run).released(session.allowance(), state);
        }
        return new Released(session.failures(reply), line, violation);
    }

    private Released owed() {
        return new Released(List.of(), Messages.Console_owed(session.identity(), session.agentName()), null);
    }
}
