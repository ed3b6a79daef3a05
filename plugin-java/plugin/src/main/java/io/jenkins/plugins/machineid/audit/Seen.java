// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which certificates of leases that are held have been told of: an agent tells of the same ones again and again. */
final class Seen {
    private final Map<String, Set<String>> certificates = new HashMap<>();
    private final Map<String, Set<String>> purposes = new HashMap<>();

    /** True once for each, and as often for a lease as {@link RecordLimits#EVENTS_OF_A_LEASE} says. */
    boolean first(CertificateRecord certificate) {
        Set<String> ofLease = certificates.computeIfAbsent(certificate.getLease(), unused -> new HashSet<>());
        return ofLease.size() < RecordLimits.EVENTS_OF_A_LEASE && ofLease.add(certificate.key());
    }

    /** Whether the lease is known to have had another one for the same purpose; then and later true. */
    boolean renews(CertificateRecord certificate) {
        return certificate.isRenewed()
                || !purposes.computeIfAbsent(certificate.getLease(), unused -> new HashSet<>()).add(certificate.purpose());
    }

    void released(String lease) {
        certificates.remove(lease);
        purposes.remove(lease);
    }
}
