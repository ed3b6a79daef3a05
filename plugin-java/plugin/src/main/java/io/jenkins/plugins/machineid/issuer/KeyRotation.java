// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import hudson.Extension;
import hudson.model.PeriodicWork;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Takes the steps of the schedule. */
@Extension
public class KeyRotation extends PeriodicWork {
    private static final Logger LOGGER = Logger.getLogger(KeyRotation.class.getName());

    @Override
    public long getRecurrencePeriod() {
        return 60 * MIN;
    }

    @Override
    protected void doRun() {
        try {
            SigningKeys.get().rotateIfDue(IssuerConfiguration.get().schedule());
        } catch (IssuerFailure e) {
            LOGGER.log(Level.WARNING, e.getMessage());
        }
    }
}
