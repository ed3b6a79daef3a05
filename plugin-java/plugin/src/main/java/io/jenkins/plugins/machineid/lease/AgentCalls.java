// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import hudson.remoting.Callable;
import hudson.remoting.ChannelClosedException;
import hudson.remoting.RequestAbortedException;
import hudson.remoting.VirtualChannel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The one place where an agent is called: never longer than a limit, whatever the agent does, and nothing of what it
 * answers or throws comes through unexamined.
 */
final class AgentCalls {
    /** After a time-out further calls fail at once for this long: a queue of builds doesn't wait one by one. */
    static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final Map<VirtualChannel, Pulse> PULSES = Collections.synchronizedMap(new WeakHashMap<>());

    /** When a channel last answered, and since when it doesn't: 0 when it does. */
    private static final class Pulse {
        volatile long answered;
        volatile long silent;
    }

    private final String node;
    private final String agent;
    private final VirtualChannel channel;

    /** @param agent as shown to people */
    AgentCalls(String node, String agent, VirtualChannel channel) {
        this.node = node;
        this.agent = agent;
        this.channel = channel;
    }

    <V> V call(Class<V> type, Callable<V, IOException> task, long seconds) throws AbortException, InterruptedException {
        Pulse pulse = PULSES.computeIfAbsent(channel, unused -> new Pulse());
        if (pulse.silent != 0 && System.nanoTime() - pulse.silent < PAUSE_NANOS) {
            throw new AgentSilent(agent, seconds);
        }
        long begun = System.nanoTime();
        long end = begun + TimeUnit.SECONDS.toNanos(seconds);
        CompletableFuture<Future<V>> sent = new CompletableFuture<>();
        Future<V> answer = null;
        try {
            AgentWork.submit(AgentWork.Kind.SEND, node, () -> send(task, sent));
            answer = sent.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            V value = answer.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            pulse.answered = System.nanoTime();
            pulse.silent = 0;
            if (!type.isInstance(value)) {
                throw Reply.malformed("another type than asked for");
            }
            return value;
        } catch (TimeoutException | RejectedExecutionException e) {
            // One slow task among others that are answered isn't silence.
            if (pulse.answered == 0 || pulse.answered - begun < 0) {
                pulse.silent = System.nanoTime() | 1;
            }
            throw new AgentSilent(agent, seconds);
        } catch (ExecutionException | CancellationException e) {
            throw failure(e.getCause() == null ? e : e.getCause());
        } finally {
            sent.cancel(true);
            if (answer != null && !answer.isDone()) {
                tellNobodyWaits(answer);
            }
        }
    }

    /** That is a message, too: one more that an agent may not read. */
    private void tellNobodyWaits(Future<?> answer) {
        try {
            AgentWork.submit(AgentWork.Kind.SEND, node, () -> answer.cancel(true));
        } catch (RejectedExecutionException e) {
            // It reads nothing at all.
        }
    }

    private <V> void send(Callable<V, IOException> task, CompletableFuture<Future<V>> sent) {
        if (sent.isDone()) {
            return;
        }
        try {
            Future<V> answer = channel.callAsync(task);
            if (!sent.complete(answer)) {
                answer.cancel(true);
            }
        } catch (IOException | RuntimeException | Error e) {
            sent.completeExceptionally(e);
        }
    }

    /** A sentence of ours. The object itself is the agent's: neither kept nor thrown on. */
    private AbortException failure(Throwable theirs) {
        if (theirs instanceof NativeUnavailableException unavailable) {
            return NativeFailure.of(unavailable, agent);
        }
        if (theirs instanceof RequestAbortedException || theirs instanceof ChannelClosedException) {
            return new AgentGone(agent);
        }
        String words;
        try {
            words = theirs.getClass().getSimpleName() + ": " + theirs.getMessage();
        } catch (RuntimeException e) {
            words = theirs.getClass().getSimpleName();
        }
        return new NativeFailure("agent_failed", Messages.Native_task(agent, AgentText.line(words)), false);
    }
}
