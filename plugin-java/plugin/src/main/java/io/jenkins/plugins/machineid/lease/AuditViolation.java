// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.AbortException;
import io.jenkins.plugins.machineid.Messages;
import java.util.logging.Logger;

/** An agent reported what the controller didn't allow. Told to the administrator, too. */
public final class AuditViolation extends AbortException {
    private static final long serialVersionUID = 1L;
    private static final Logger LOGGER = Logger.getLogger(AuditViolation.class.getName());

    private AuditViolation(String sentence) {
        super(sentence);
    }

    /** @param who the build, or what else the lease is for */
    static AuditViolation of(String agent, String who, String fault) {
        AuditViolation violation = new AuditViolation(Messages.Audit_violation(agent, fault));
        LOGGER.warning(() -> who + ": " + violation.getMessage());
        return violation;
    }
}
