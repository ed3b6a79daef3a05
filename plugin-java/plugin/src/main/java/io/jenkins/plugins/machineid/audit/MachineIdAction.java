// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.model.InvisibleAction;
import hudson.model.Run;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.lease.Reply;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** The certificates that a build used and the wishes that were refused: on its page and in its REST API. */
@ExportedBean
public final class MachineIdAction extends InvisibleAction {
    private static final Logger LOGGER = Logger.getLogger(MachineIdAction.class.getName());
    /** A build that loops over blocks must not grow its record without end. */
    private static final int MAX_RECORDS = 500;

    // Replaced, never changed: the build may be saved by another thread at any time.
    private volatile ArrayList<CertificateRecord> certificates = new ArrayList<>();
    private volatile ArrayList<RefusalRecord> refusals = new ArrayList<>();
    private transient Run<?, ?> run;

    /** The run's record, made when there is none yet. */
    public static MachineIdAction of(Run<?, ?> run) {
        synchronized (run) {
            MachineIdAction action = run.getAction(MachineIdAction.class);
            if (action == null) {
                action = new MachineIdAction();
                run.addAction(action);
            }
            action.run = run;
            return action;
        }
    }

    @Exported
    public List<CertificateRecord> getCertificates() {
        return List.copyOf(certificates);
    }

    @Exported
    public List<RefusalRecord> getRefusals() {
        return List.copyOf(refusals);
    }

    /** Notes the certificates of a lease; those that are noted already are not noted again. */
    public void record(String identity, String agent, List<Reply> replies) {
        synchronized (this) {
            ArrayList<CertificateRecord> more = new ArrayList<>(certificates);
            for (Reply reply : replies) {
                CertificateRecord certificate = new CertificateRecord(identity, agent, reply);
                if (more.size() < MAX_RECORDS && more.stream().noneMatch(certificate::same)) {
                    more.add(certificate);
                }
            }
            certificates = more;
        }
        save();
    }

    public void refuse(Refusal refusal, String agent) {
        synchronized (this) {
            ArrayList<RefusalRecord> more = new ArrayList<>(refusals);
            if (more.size() < MAX_RECORDS) {
                more.add(new RefusalRecord(
                        refusal.rule().code(),
                        agent,
                        refusal.getMessage(),
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()));
            }
            refusals = more;
        }
        save();
    }

    private void save() {
        try {
            run.save();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "the record of machine identities could not be saved", e);
        }
    }
}
