// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.remoting;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** A channel whose agent answers as a test says; or not at all. */
public class FakeChannel implements VirtualChannel {
    /** What an agent answers a task; a {@link CompletableFuture}: later. */
    public interface Agent {
        Object answer(Object task) throws Throwable;
    }

    /** The agent's answer to everything: silence. */
    public static final Object SILENCE = new Object();

    /** All tasks, in order. */
    public final List<Object> tasks = Collections.synchronizedList(new ArrayList<>());
    /** All that nobody waits for any more. */
    public final BlockingQueue<Object> cancelled = new LinkedBlockingQueue<>();

    private final Agent agent;

    /** What a call ends with whose agent goes away. */
    public static Exception gone() {
        return new RequestAbortedException();
    }

    public FakeChannel(Agent agent) {
        this.agent = agent;
    }

    @Override
    public <V, T extends Throwable> V call(Callable<V, T> callable) {
        throw new AssertionError("a call without a limit: " + callable);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <V, T extends Throwable> Future<V> callAsync(Callable<V, T> callable) throws IOException {
        tasks.add(callable);
        Answer<V> future = new Answer<>(callable);
        try {
            Object answer = agent.answer(callable);
            if (answer instanceof CompletableFuture<?> later) {
                later.thenAccept(value -> future.complete((V) value));
            } else if (answer != SILENCE) {
                future.complete((V) answer);
            }
        } catch (Throwable e) {
            future.completeExceptionally(e);
        }
        return future;
    }

    private final class Answer<V> extends CompletableFuture<V> implements Future<V> {
        private final Object task;

        Answer(Object task) {
            this.task = task;
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean open = super.cancel(mayInterruptIfRunning);
            if (open) {
                cancelled.add(task);
            }
            return open;
        }
    }
}
