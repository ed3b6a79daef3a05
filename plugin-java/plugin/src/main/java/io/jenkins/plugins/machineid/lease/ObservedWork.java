// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.ExtensionList;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Work on a lease that observers are told of. They change nothing of how it ends. */
final class ObservedWork {
    private static final Logger LOGGER = Logger.getLogger(ObservedWork.class.getName());
    /** As each sentence of ours ends. */
    private static final Pattern CODE = Pattern.compile("\\[([a-z_]+)]\\s*$");
    private static final AtomicInteger ACQUIRING = new AtomicInteger();

    private ObservedWork() {}

    /** The work. */
    interface Call<T> {
        T now() throws IOException, InterruptedException;
    }

    static <T> T of(LeaseObserver.Work work, Call<T> call) throws IOException, InterruptedException {
        boolean first = work == LeaseObserver.Work.ACQUIRE;
        long begin = System.nanoTime();
        String code = "";
        if (first) {
            ACQUIRING.incrementAndGet();
        }
        try {
            T done = call.now();
            code = LeaseObserver.OK;
            return done;
        } catch (IOException | RuntimeException e) {
            code = code(e);
            throw e;
        } catch (InterruptedException e) {
            code = "cancelled";
            throw e;
        } finally {
            if (first) {
                ACQUIRING.decrementAndGet();
            }
            tell(work, Duration.ofNanos(System.nanoTime() - begin), code);
        }
    }

    /** Blocks whose lease is being taken on an agent now. */
    static int acquiring() {
        return ACQUIRING.get();
    }

    private static String code(Exception failure) {
        if (failure instanceof NativeFailure known) {
            return known.code();
        }
        Matcher code = CODE.matcher(String.valueOf(failure.getMessage()));
        return code.find() ? code.group(1) : "";
    }

    private static void tell(LeaseObserver.Work work, Duration took, String code) {
        try {
            for (LeaseObserver observer : ExtensionList.lookup(LeaseObserver.class)) {
                observer.done(work, took, code);
            }
        } catch (RuntimeException | Error e) {
            // Also another plugin's assertion: the block has nothing to do with it.
            LOGGER.log(Level.FINE, "an observer of leases failed", e);
        }
    }
}
