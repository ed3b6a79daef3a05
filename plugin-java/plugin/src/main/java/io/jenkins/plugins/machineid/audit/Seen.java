// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which certificates of leases that are held have been told of: an agent tells of the same ones again and again, and of as
 * many as it likes.
 */
final class Seen {
    /** Whether one more event of a lease is told. */
    enum Room {
        ENOUGH,
        /** The first one that isn't. */
        NO_MORE,
        NONE
    }

    private static final class Lease {
        final Set<String> certificates = new HashSet<>();
        final Set<String> purposes = new HashSet<>();
        long bytes;
        boolean full;
    }

    private final Map<String, Lease> leases = new HashMap<>();
    private final Set<String> over = new LinkedHashSet<>();

    /** True once for each, as long as there may be room. */
    boolean first(CertificateRecord certificate) {
        if (over.contains(certificate.getLease())) {
            return false;
        }
        Lease lease = leases.computeIfAbsent(certificate.getLease(), unused -> new Lease());
        return (!lease.full || lease.bytes < most(certificate)) && lease.certificates.add(certificate.key());
    }

    /** Whether the lease is known to have had another one for the same purpose; then and later true. */
    boolean renews(CertificateRecord certificate) {
        return certificate.isRenewed() || !leases.get(certificate.getLease()).purposes.add(certificate.purpose());
    }

    /** @param bytes of its event */
    Room room(CertificateRecord certificate, int bytes) {
        Lease lease = leases.get(certificate.getLease());
        if (lease.bytes + bytes <= most(certificate)) {
            lease.bytes += bytes;
            return Room.ENOUGH;
        }
        boolean told = lease.full;
        lease.full = true;
        // Nothing shorter finds the rest.
        lease.bytes = Math.max(lease.bytes, most(certificate));
        return told ? Room.NONE : Room.NO_MORE;
    }

    /** Some is kept free for those that aren't as allowed. */
    private static int most(CertificateRecord certificate) {
        int most = RecordLimits.EVENTS_OF_A_LEASE;
        return certificate.getViolation() == null ? most : most + most / 8;
    }

    void released(String lease) {
        leases.remove(lease);
        if (over.size() == RecordLimits.OVER) {
            over.remove(over.iterator().next());
        }
        over.add(lease);
    }
}
