// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.Messages;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What the views of a build's record show, at one moment. */
public final class RecordPage {
    private final List<LeaseRecord> leases;
    private final List<CertificateRecord> certificates;
    private final List<RefusalRecord> refusals;
    private final List<IdentityUse> uses;
    private final MachineIdAction record;

    RecordPage(MachineIdAction record) {
        this.record = record;
        this.leases = record.getLeases();
        this.certificates = record.getCertificates();
        this.refusals = record.getRefusals();
        this.uses = IdentityUse.of(leases, certificates);
    }

    public List<LeaseRecord> getLeases() {
        return leases;
    }

    public List<CertificateRecord> getCertificates() {
        return certificates;
    }

    public List<RefusalRecord> getRefusals() {
        return refusals;
    }

    public List<IdentityUse> getUses() {
        return uses;
    }

    /** For the build's own page, which has more than this on it. */
    public List<IdentityUse> getFirstUses() {
        return first(uses);
    }

    public List<CertificateRecord> getFirstViolations() {
        return first(certificates.stream().filter(each -> each.getViolation() != null).toList());
    }

    public List<RefusalRecord> getFirstRefusals() {
        return first(refusals);
    }

    /** Whether the build's own page shows only the first of something. */
    public boolean isMore() {
        long violations = certificates.stream().filter(each -> each.getViolation() != null).count();
        return uses.size() > RecordLimits.LINES || violations > RecordLimits.LINES || refusals.size() > RecordLimits.LINES;
    }

    private static <T> List<T> first(List<T> all) {
        return all.subList(0, Math.min(RecordLimits.LINES, all.size()));
    }

    /** One sentence for each kind of record of which not all are kept. */
    public List<String> getLeftOut() {
        List<String> sentences = new ArrayList<>();
        if (record.getLeasesDropped() > 0) {
            sentences.add(Messages.Audit_leasesLeftOut(record.getLeasesDropped(), RecordLimits.RECORDS));
        }
        if (record.getCertificatesDropped() > 0) {
            sentences.add(Messages.Audit_certificatesLeftOut(record.getCertificatesDropped(), RecordLimits.RECORDS));
        }
        if (record.getRefusalsDropped() > 0) {
            sentences.add(Messages.Audit_refusalsLeftOut(record.getRefusalsDropped(), RecordLimits.RECORDS));
        }
        return sentences;
    }

    /** How the cluster's own audit log is searched for the same. */
    public List<AuditSearch> getSearches() {
        List<AuditSearch> searches = new ArrayList<>();
        if (uses.stream().anyMatch(IdentityUse::isStated)) {
            searches.add(AuditSearch.ofBuild(Events.url(record.getRun())));
        }
        for (IdentityUse use : uses) {
            if (use.getFrom() != null) {
                Instant until = use.getUntil() == null ? null : Instant.parse(use.getUntil());
                use.getBots().forEach(bot -> searches.add(AuditSearch.ofBot(bot, Instant.parse(use.getFrom()), until)));
            }
        }
        return searches.stream().distinct().limit(RecordLimits.RESERVED).toList();
    }
}
