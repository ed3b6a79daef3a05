// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import hudson.Extension;
import hudson.XmlFile;
import hudson.model.PeriodicWork;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import hudson.security.ACL;
import hudson.security.ACLContext;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.issuer.IssuerConfiguration;
import io.jenkins.plugins.machineid.issuer.IssuerFailure;
import io.jenkins.plugins.machineid.issuer.KeyState;
import io.jenkins.plugins.machineid.issuer.SigningKeys;
import io.jenkins.plugins.machineid.lease.Believed;
import io.jenkins.plugins.machineid.setup.KeysSetup;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Looks each minute at what a page must not wait for: the keys, which a credential's provider may hold, and folders with
 * identities of their own. Also sees to it that warnings which are gone are known to be gone.
 */
@Extension
public class KeyNews extends PeriodicWork {
    /**
     * @param keys null: none are needed, or they can't be read
     * @param holders token resources that have the public keys in them, for people
     */
    record News(KeyState keys, List<String> holders) {}

    private static final Logger LOGGER = Logger.getLogger(KeyNews.class.getName());
    private static volatile News latest = new News(null, List.of());

    /** One waits while another one works; a third would see nothing else. */
    private static final ThreadPoolExecutor THREAD =
            new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(1), work -> {
                Thread thread = new Thread(work, "machine-id-warnings");
                thread.setDaemon(true);
                return thread;
            }, new ThreadPoolExecutor.DiscardPolicy());

    static {
        THREAD.allowCoreThreadTimeOut(true);
    }

    static News latest() {
        return latest;
    }

    @Override
    public long getRecurrencePeriod() {
        return MIN;
    }

    @Override
    public long getInitialDelay() {
        return MIN / 2;
    }

    @Override
    protected void doRun() {
        soon();
    }

    /** Other keys, or other token resources that have them. */
    @Extension
    public static class Saved extends SaveableListener {
        @Override
        public void onChange(Saveable o, XmlFile file) {
            if (o instanceof IssuerConfiguration || o instanceof MachineIdConfiguration) {
                soon();
            }
        }
    }

    private static void soon() {
        THREAD.execute(KeyNews::look);
    }

    @SuppressWarnings("try")
    private static void look() {
        try (ACLContext system = ACL.as2(ACL.SYSTEM2)) {
            // Also where the keys can't be looked at.
            Believed.lookAtFolders();
            List<String> holders = KeysSetup.holders();
            latest = new News(holders.isEmpty() ? null : state(), holders);
            WarningBoard.get().all();
        } catch (RuntimeException e) {
            LOGGER.log(Level.FINE, "the warnings about identities are looked at in the next round", e);
        }
    }

    private static KeyState state() {
        try {
            return SigningKeys.get().state();
        } catch (IssuerFailure e) {
            // Who watches the keys says so in the log.
            return null;
        }
    }
}
