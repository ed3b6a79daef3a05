// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.model.Api;
import hudson.model.Item;
import hudson.model.Run;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.reply.Reply;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.RunAction2;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.StaplerProxy;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;
import org.kohsuke.stapler.verb.GET;

/**
 * What a build did with machine identities, on pages of its own and in its REST API: the leases that the controller granted,
 * the certificates that agents reported for them, and the wishes that were refused. All changes go by here, and are told to
 * listeners. How much is kept, {@link RecordLimits} says.
 */
@ExportedBean
public final class MachineIdAction implements RunAction2, StaplerProxy {
    private static final Logger LOGGER = Logger.getLogger(MachineIdAction.class.getName());

    // Replaced, never changed: the build may be saved by another thread at any time.
    private volatile ArrayList<LeaseRecord> leases = new ArrayList<>();
    private volatile ArrayList<CertificateRecord> certificates = new ArrayList<>();
    private volatile ArrayList<RefusalRecord> refusals = new ArrayList<>();
    private volatile int dropped;
    private volatile int leasesDropped;
    private volatile int refusalsDropped;
    /** How many of them are of which lease that isn't over: it tells of the same ones again and again. */
    private volatile TreeMap<String, Integer> droppedOf = new TreeMap<>();
    private transient Run<?, ?> run;
    /** Null until it is needed, and after a restart. */
    private transient Seen seen;
    /** Whether it says something that isn't just more of what is on disk: an identity on an agent that wasn't used before. */
    private transient boolean news;

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

    @Override
    public void onAttached(Run<?, ?> r) {
        run = r;
    }

    @Override
    public void onLoad(Run<?, ?> r) {
        run = r;
    }

    public Run<?, ?> getRun() {
        return run;
    }

    /** Null, and so no link beside the build's page, where there is nothing to be seen. */
    @Override
    public String getIconFileName() {
        return isEmpty() ? null : "symbol-key";
    }

    @Override
    public String getDisplayName() {
        return Messages.Audit_displayName();
    }

    @Override
    public String getUrlName() {
        return "machine-id";
    }

    /** Each way to the page and the downloads goes by here. */
    @Override
    public Object getTarget() {
        run.checkPermission(Item.READ);
        return this;
    }

    public Api getApi() {
        return new Api(this);
    }

    @GET
    public HttpResponse doCsv() {
        return Download.csv(run, this);
    }

    @GET
    public HttpResponse doJson() {
        return Download.json(run, this);
    }

    /** For the pages. */
    public RecordPage getPage() {
        return new RecordPage(this);
    }

    public boolean isEmpty() {
        return leases.isEmpty() && certificates.isEmpty() && refusals.isEmpty();
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

    /** Refusals that are not in the list because there were too many. */
    @Exported
    public int getRefusalsDropped() {
        return refusalsDropped;
    }

    /** Saved with what comes next: the lease's certificates, or how the build ends. */
    public synchronized void grant(Allowance allowed, String job) {
        leasesDropped += add(allowed, job) ? 0 : 1;
    }

    /** It was granted before, and is here unless that process ended before it could be saved. */
    public synchronized void grantedBefore(Allowance allowed, String job) {
        if (leases.stream().noneMatch(record -> record.getLease().equals(allowed.lease()))) {
            add(allowed, job);
        }
    }

    /** False: there is no room. */
    private boolean add(Allowance allowed, String job) {
        ArrayList<LeaseRecord> more = new ArrayList<>(leases);
        boolean known = more.stream().anyMatch(lease -> lease.isLike(allowed));
        if (more.size() >= RecordLimits.RECORDS + (known ? 0 : RecordLimits.RESERVED)) {
            return false;
        }
        more.add(new LeaseRecord(allowed, job, now()));
        leases = more;
        news |= !known;
        return true;
    }

    /**
     * This controller signed a statement for a lease, to join with: the first time, or once more to be renewed. Whether it
     * joins, only the cluster knows.
     *
     * @param statement id of what was signed
     */
    public synchronized void signed(Allowance allowed, String statement) {
        ArrayList<LeaseRecord> more = new ArrayList<>(leases);
        more.replaceAll(record -> record.getLease().equals(allowed.lease()) && record.getStatement() == null
                ? record.signed(statement)
                : record);
        leases = more;
        Events.signed(run, allowed, statement);
    }

    /**
     * The lease is over: no certificate of it is noted any more.
     *
     * @param directory what became of its directory, as the agent says
     */
    public void released(Allowance allowed, String directory) {
        String lease = allowed.lease();
        change(() -> {
            ArrayList<LeaseRecord> more = new ArrayList<>(leases);
            more.replaceAll(record ->
                    record.getLease().equals(lease) && record.getReleased() == null ? record.released(now()) : record);
            boolean changed = !more.equals(leases);
            leases = more;
            TreeMap<String, Integer> others = new TreeMap<>(droppedOf);
            changed |= others.remove(lease) != null;
            droppedOf = others;
            seen().released(lease);
            Events.released(run, allowed, directory);
            return urgency(changed, false);
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
                CertificateRecord certificate = new CertificateRecord(allowed, reply, violation, more);
                if (more.stream().noneMatch(certificate::same)) {
                    Events.certificate(run, allowed, certificate, seen());
                    if (hasRoom(more, certificate)) {
                        more.add(certificate);
                    } else {
                        droppedNow++;
                    }
                }
            }
            boolean changed = more.size() != certificates.size();
            certificates = more;
            changed |= drop(allowed.lease(), droppedNow + Math.max(0, Math.min(RecordLimits.COUNTED, lost)));
            return urgency(changed, fault[0] != null);
        });
        return fault[0];
    }

    private Seen seen() {
        seen = seen == null ? new Seen() : seen;
        return seen;
    }

    /** @param all of this lease so far */
    private boolean drop(String lease, long all) {
        int before = droppedOf.getOrDefault(lease, 0);
        if (all <= before || dropped >= RecordLimits.COUNTED) {
            return false;
        }
        TreeMap<String, Integer> more = new TreeMap<>(droppedOf);
        more.put(lease, (int) all);
        droppedOf = more;
        dropped = (int) Math.min(RecordLimits.COUNTED, dropped + all - before);
        return true;
    }

    /** @param identity as it was asked for; null: the agent's default */
    public void refuse(Refusal refusal, String agent, String identity) {
        RefusalRecord record =
                new RefusalRecord(refusal.rule().code(), agent, identity, refusal.getMessage(), now());
        change(() -> {
            // A job can be refused as often as it likes.
            if (refusals.size() >= RecordLimits.RECORDS) {
                refusalsDropped++;
                return Urgency.NONE;
            }
            ArrayList<RefusalRecord> more = new ArrayList<>(refusals);
            more.add(record);
            refusals = more;
            Events.refused(run, record);
            return Urgency.NOW;
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
        return violation
                ? like < RecordLimits.RESERVED && size <= RecordLimits.SIZE + RecordLimits.SIZE / 8
                : like < RecordLimits.RECORDS && size <= RecordLimits.SIZE;
    }

    /** When a change has to be on disk. */
    private enum Urgency {
        NONE,
        /** It is more of the same. */
        SOON,
        /** Before the block goes on. */
        NOW
    }

    private Urgency urgency(boolean changed, boolean violation) {
        if (!changed) {
            return Urgency.NONE;
        }
        return news || violation ? Urgency.NOW : Urgency.SOON;
    }

    /** @param change tells listeners, too, which waits for nothing: so they are told in the order of the changes */
    private void change(Supplier<Urgency> change) {
        Urgency urgency;
        synchronized (this) {
            urgency = change.get();
            news &= urgency == Urgency.NONE;
        }
        switch (urgency) {
            case NONE -> {}
            case SOON -> PendingSaves.soon(this);
            case NOW -> {
                PendingSaves.saved(this);
                save();
            }
        }
    }

    void save() {
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
