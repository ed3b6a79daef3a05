// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.PeriodicWork;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Has the keys ready before somebody needs them: reads those of credentials now and then, so that the public ones are
 * known to whoever asks for them, and makes one when an administrator begins to use them. On one thread of its own, since
 * a provider may be slow.
 */
@Extension
public class KeyWatch extends PeriodicWork {
    private static final Logger LOGGER = Logger.getLogger(KeyWatch.class.getName());

    /** One waits while another one works; a third would see nothing else. */
    private static final ThreadPoolExecutor THREAD =
            new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(1), work -> {
                Thread thread = new Thread(work, "machineid-keys");
                thread.setDaemon(true);
                return thread;
            }, new ThreadPoolExecutor.DiscardPolicy());

    static {
        THREAD.allowCoreThreadTimeOut(true);
    }

    /** Somebody needs keys who wasn't there at the last look: also where no credential is configured. */
    private static final AtomicBoolean NEEDED = new AtomicBoolean();

    /** What was wrong at the last look, said once; empty: nothing. */
    private static String fault = "";

    @Override
    public long getRecurrencePeriod() {
        return 5 * MIN;
    }

    /** Soon after the start: Configuration as Code may have brought the credential later than its name. */
    @Override
    public long getInitialDelay() {
        return MIN;
    }

    @Override
    protected void doRun() {
        soon();
    }

    /** Other credentials may be named. */
    @Extension
    public static class Saved extends SaveableListener {
        @Override
        public void onChange(Saveable o, XmlFile file) {
            if (o instanceof IssuerConfiguration) {
                soon();
            }
        }
    }

    /** Reads what credentials hold, where some are configured. */
    static void soon() {
        // What is dropped because another one waits is done by that one.
        THREAD.execute(KeyWatch::work);
    }

    private static void work() {
        boolean needed = NEEDED.getAndSet(false);
        IssuerConfiguration configuration = IssuerConfiguration.get();
        if (needed || configuration.signingCredential() != null || configuration.announcedCredential() != null) {
            look();
        }
        // Until there are some: the next round tries again.
        if (needed && !fault.isEmpty()) {
            NEEDED.set(true);
        }
    }

    /** An administrator has made use of the keys: there are some from now on, before the first build or stranger asks. */
    public static void needed() {
        NEEDED.set(true);
        soon();
    }

    private static void look() {
        String now = "";
        try {
            SigningKeys.get().jwks();
        } catch (IssuerFailure e) {
            now = e.getMessage();
            if (!now.equals(fault)) {
                LOGGER.log(Level.WARNING, now);
            }
        }
        fault = now;
    }
}
