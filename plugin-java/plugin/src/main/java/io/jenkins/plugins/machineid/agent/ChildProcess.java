// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.agent;

import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A running helper that does the library's work. Calls are made beside each other; each fails as soon as the process has
 * ended, which happens for good.
 *
 * <p>It has the environment of this JVM. Whatever is secret goes over its standard input alone.
 */
final class ChildProcess {
    /** Seconds until it has said who it is, also on a machine that is busy. */
    private static final long START = 60;

    private static final Pattern HELLO = Pattern.compile("\\{\"ok\":\\{\"abi\":(\\d{1,9}),.*", Pattern.DOTALL);

    /** It has ended, or never begun. */
    static final class Ended extends IOException {
        private static final long serialVersionUID = 1L;

        /** @param why as a sentence about it */
        Ended(String why) {
            super(why);
        }
    }

    private final String[] command;
    private final CompletableFuture<Process> process = new CompletableFuture<>();
    private final CompletableFuture<Integer> abi = new CompletableFuture<>();
    private final Map<Long, CompletableFuture<byte[]>> pending = new ConcurrentHashMap<>();
    private final Set<Long> engines = ConcurrentHashMap.newKeySet();
    private final AtomicLong last = new AtomicLong();
    /** Why it was ended by us; the first reason counts. */
    private volatile String verdict;
    /** Why it has ended; null: it runs. */
    private volatile String ended;

    private ChildProcess(String... command) {
        this.command = command;
    }

    /**
     * Starts a program that speaks as {@code machine-id bridge} does.
     *
     * @throws NativeUnavailableException it is of another version
     * @throws IOException it can't be started
     */
    static ChildProcess start(String... command) throws IOException {
        ChildProcess child = new ChildProcess(command);
        // The thread that starts it also reads its replies, and lives as long: the system ends the process with its thread.
        Thread reader = new Thread(child::run, "machine-id-bridge");
        reader.setDaemon(true);
        reader.start();
        try {
            child.process.join();
            child.abi.orTimeout(START, TimeUnit.SECONDS);
            int abi = child.abi.join();
            if (abi != MachineIdNative.ABI) {
                throw new NativeUnavailableException(
                        NativeUnavailableException.Reason.ABI, "library " + abi + ", plugin " + MachineIdNative.ABI);
            }
            return child;
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException why) {
                throw why;
            }
            throw new IOException("it says nothing for " + START + " s", e.getCause());
        } finally {
            if (!child.abi.isDone() || child.abi.isCompletedExceptionally() || child.abi.join() != MachineIdNative.ABI) {
                child.end("it isn't ours");
            }
        }
    }

    boolean hasEnded() {
        return ended != null;
    }

    /** Whether a number stands for an engine that it has opened. */
    boolean holds(long engine) {
        return ended == null && engines.contains(engine);
    }

    /** Calls that wait for their replies. */
    int waiting() {
        return pending.size();
    }

    /** For tests and the log. */
    long id() {
        return process.join().pid();
    }

    /**
     * Makes a call, and waits for its reply whatever happens to this thread, as for the library.
     *
     * @param seconds after which it is taken for hung, and ended
     * @throws Ended nothing of the call is known
     */
    byte[] ask(String call, long engine, byte[] body, long seconds) throws Ended {
        long id = last.incrementAndGet();
        CompletableFuture<byte[]> reply = new CompletableFuture<>();
        pending.put(id, reply);
        if (ended != null) {
            pending.remove(id);
            throw new Ended(ended);
        }
        reply.orTimeout(seconds, TimeUnit.SECONDS).whenComplete((unused, failure) -> {
            if (failure instanceof TimeoutException) {
                end("it hasn't answered for " + seconds + " s");
            }
        });
        try {
            write(BridgeMessage.request(id, call, engine, body));
            byte[] answer = reply.join();
            if (call.equals("open")) {
                EngineReply.handle(answer).ifPresent(engines::add);
            }
            return answer;
        } catch (IOException e) {
            // The reader finds out what has become of it.
            end("its pipe is broken");
            throw new Ended(end());
        } catch (CompletionException e) {
            throw new Ended(end());
        } finally {
            pending.remove(id);
        }
    }

    private void write(byte[] request) throws IOException {
        OutputStream out = process.join().getOutputStream();
        try {
            synchronized (out) {
                for (int at = 0; at < request.length; at += BridgeMessage.BLOCK) {
                    out.write(request, at, BridgeMessage.BLOCK);
                }
                out.flush();
            }
        } finally {
            Arrays.fill(request, (byte) 0);
        }
    }

    /** Lets it end by itself: nothing is asked any more. */
    void leave() {
        try {
            process.join().getOutputStream().close();
        } catch (IOException e) {
            end("its pipe is broken");
        }
    }

    /** Ends it now. */
    void end(String why) {
        if (verdict == null) {
            verdict = why;
        }
        if (process.isDone() && !process.isCompletedExceptionally()) {
            process.join().destroyForcibly();
        }
    }

    /** Why it has ended, once that is known. */
    private String end() {
        for (int round = 0; ended == null && round < 500; round++) {
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        return ended == null ? String.valueOf(verdict) : ended;
    }

    private void run() {
        String why = "it was never started";
        try {
            Process started = new ProcessBuilder(command)
                    .directory(new File("/"))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            process.complete(started);
            why = read(started);
        } catch (IOException | RuntimeException | Error e) {
            process.completeExceptionally(e);
        } finally {
            ended = why;
            IOException failure = new Ended(why);
            abi.completeExceptionally(failure);
            pending.values().forEach(reply -> reply.completeExceptionally(failure));
        }
    }

    private String read(Process started) {
        String why;
        try (InputStream in = started.getInputStream()) {
            hello(BridgeMessage.read(in));
            while (true) {
                BridgeMessage reply = BridgeMessage.read(in);
                CompletableFuture<byte[]> caller = pending.get(reply.id());
                if (caller == null) {
                    throw new IOException("it answers what nobody has asked");
                }
                caller.complete(reply.body());
            }
        } catch (EOFException e) {
            why = "";
        } catch (IOException | RuntimeException | Error e) {
            why = String.valueOf(e.getMessage());
        }
        if (verdict != null) {
            why = verdict;
        }
        String status = why.isEmpty() ? status(started) : why;
        started.destroyForcibly();
        return status;
    }

    private void hello(BridgeMessage first) throws IOException {
        Matcher words = HELLO.matcher(new String(first.body(), StandardCharsets.UTF_8));
        if (first.id() != 0 || !words.matches()) {
            throw new IOException("what it says first is no greeting");
        }
        abi.complete(Integer.parseInt(words.group(1)));
    }

    /** How it has ended by itself. */
    private static String status(Process started) {
        try {
            if (started.waitFor(10, TimeUnit.SECONDS)) {
                int status = started.exitValue();
                // As shells count.
                return status > 128 ? "signal " + (status - 128) + " has ended it" : "it has ended with status " + status;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return "it has closed its pipe";
    }
}
