// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.model.InvisibleAction;
import hudson.model.Run;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/**
 * What a build did with machine identities, on its page and in its REST API: the leases that the controller granted, the
 * certificates that agents reported for them, and the wishes that were refused.
 */
@ExportedBean
public final class MachineIdAction extends InvisibleAction {
    private static final Logger LOGGER = Logger.getLogger(MachineIdAction.class.getName());
    /** A build that loops over blocks must not grow its record without end. */
    static final int MAX_RECORDS = 500;
    /** Nor may an agent: characters of all its certificates together. */
    static final int MAX_SIZE = 512 * 1024;
    /** Kept free for what isn't as allowed. */
    private static final int MAX_VIOLATIONS = 50;

    /** Counted no further. */
    private static final long MAX_DROPPED = MAX_RECORDS * 1000L;

    // Replaced, never changed: the build may be saved by another thread at any time.
    private volatile ArrayList<LeaseRecord> leases = new ArrayList<>();
    private volatile ArrayList<CertificateRecord> certificates = new ArrayList<>();
    private volatile ArrayList<RefusalRecord> refusals = new ArrayList<>();
    private volatile int dropped;
    private volatile int leasesDropped;
    /** How many of them are of which lease that isn't over: it tells of the same ones again and again. */
    private volatile TreeMap<String, Integer> droppedOf = new TreeMap<>();
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

    /** The controller's own knowledge. */
    @Exported
    public List<LeaseRecord> getLeases() {
        return List.copyOf(leases);
    }

    /** What agents reported. */
    @Exported
    public List<CertificateRecord> getCertificates() {
        return List.copyOf(certificates);
    }

    @Exported
    public List<RefusalRecord> getRefusals() {
        return List.copyOf(refusals);
    }

    /** Certificates that are not in the list any more because there were too many. */
    @Exported
    public int getCertificatesDropped() {
        return dropped;
    }

    /** Leases that are not in the list because there were too many. */
    @Exported
    public int getLeasesDropped() {
        return leasesDropped;
    }

    /** Saved with what comes next: the lease's certificates, or how the build ends. */
    public synchronized void grant(Allowance allowed, String job) {
        ArrayList<LeaseRecord> more = new ArrayList<>(leases);
        if (more.size() < MAX_RECORDS) {
            more.add(new LeaseRecord(allowed, job, now()));
            leases = more;
        } else {
            leasesDropped++;
        }
    }

    /** The lease is over: no certificate of it is noted any more. */
    public void released(String lease) {
        change(() -> {
            ArrayList<LeaseRecord> more = new ArrayList<>(leases);
            more.replaceAll(record ->
                    record.getLease().equals(lease) && record.getReleased() == null ? record.released(now()) : record);
            boolean changed = !more.equals(leases);
            leases = more;
            TreeMap<String, Integer> others = new TreeMap<>(droppedOf);
            changed |= others.remove(lease) != null;
            droppedOf = others;
            return changed;
        });
    }

    /**
     * Notes the certificates of a lease; those that are noted already are not noted again.
     *
     * @param lost how many the agent says that it kept no note of
     * @return null when all are as allowed, else what isn't
     */
    public String record(Allowance allowed, List<Reply> replies, long lost) {
        String[] fault = new String[1];
        change(() -> {
            ArrayList<CertificateRecord> more = new ArrayList<>(certificates);
            int droppedNow = 0;
            for (Reply reply : replies) {
                String violation = Inspection.fault(allowed, reply, bot(more, allowed.lease()), Instant.now());
                fault[0] = fault[0] == null ? violation : fault[0];
                CertificateRecord certificate = new CertificateRecord(allowed, reply, violation);
                if (more.stream().noneMatch(certificate::same)) {
                    if (hasRoom(more, certificate)) {
                        more.add(certificate);
                    } else {
                        droppedNow++;
                    }
                }
            }
            boolean changed = more.size() != certificates.size();
            certificates = more;
            return drop(allowed.lease(), droppedNow + Math.max(0, Math.min(MAX_DROPPED, lost))) || changed;
        });
        return fault[0];
    }

    /** @param all of this lease so far */
    private boolean drop(String lease, long all) {
        int before = droppedOf.getOrDefault(lease, 0);
        if (all <= before || dropped >= MAX_DROPPED) {
            return false;
        }
        TreeMap<String, Integer> more = new TreeMap<>(droppedOf);
        more.put(lease, (int) all);
        droppedOf = more;
        dropped = (int) Math.min(MAX_DROPPED, dropped + all - before);
        return true;
    }

    public void refuse(Refusal refusal, String agent) {
        change(() -> {
            ArrayList<RefusalRecord> more = new ArrayList<>(refusals);
            boolean room = more.size() < MAX_RECORDS;
            if (room) {
                more.add(new RefusalRecord(refusal.rule().code(), agent, refusal.getMessage(), now()));
                refusals = more;
            }
            return room;
        });
    }

    /** Key id of the lease's certificates so far. */
    private static String bot(List<CertificateRecord> records, String lease) {
        return records.stream()
                .filter(record -> record.getLease().equals(lease) && record.getViolation() == null)
                .map(CertificateRecord::getKeyId)
                .findFirst()
                .orElse(null);
    }

    private static boolean hasRoom(List<CertificateRecord> records, CertificateRecord next) {
        boolean violation = next.getViolation() != null;
        long like = records.stream().filter(record -> (record.getViolation() != null) == violation).count();
        int size = records.stream().mapToInt(CertificateRecord::size).sum() + next.size();
        return like < (violation ? MAX_VIOLATIONS : MAX_RECORDS) && size <= MAX_SIZE + (violation ? MAX_SIZE / 8 : 0);
    }

    private void change(BooleanSupplier change) {
        boolean changed;
        synchronized (this) {
            changed = change.getAsBoolean();
        }
        if (changed) {
            save();
        }
    }

    private void save() {
        try {
            run.save();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "the record of machine identities could not be saved", e);
        }
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
