// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.Messages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** An identity on an agent, as a build used it: what fits on a line. */
public final class IdentityUse {
    private final String identity;
    private final String agent;
    /** As agents report it, where that was allowed. */
    private final Set<String> bots = new TreeSet<>();
    private final Set<String> roles = new LinkedHashSet<>();
    private final List<LeaseRecord> leases = new ArrayList<>();
    private int certificates;
    private int renewed;

    private IdentityUse(String identity, String agent) {
        this.identity = identity;
        this.agent = agent;
    }

    /** In the order in which they were granted. */
    static List<IdentityUse> of(List<LeaseRecord> leases, List<CertificateRecord> certificates) {
        Map<String, IdentityUse> uses = new LinkedHashMap<>();
        for (LeaseRecord lease : leases) {
            of(uses, lease.getIdentity(), lease.getAgent()).add(lease);
        }
        for (CertificateRecord each : certificates) {
            of(uses, each.getIdentity(), each.getAgent()).add(each);
        }
        return List.copyOf(uses.values());
    }

    private static IdentityUse of(Map<String, IdentityUse> uses, String identity, String agent) {
        return uses.computeIfAbsent(identity + "\n" + agent, unused -> new IdentityUse(identity, agent));
    }

    private void add(LeaseRecord lease) {
        leases.add(lease);
        if (lease.getRoles().isEmpty()) {
            roles.add(Messages.Audit_allRoles());
        }
        roles.addAll(lease.getRoles());
    }

    private void add(CertificateRecord certificate) {
        certificates++;
        renewed += certificate.isRenewed() ? 1 : 0;
        if (certificate.getViolation() == null) {
            bots.add(certificate.getKeyId());
        }
    }

    public String getIdentity() {
        return identity;
    }

    public String getAgent() {
        return agent;
    }

    public List<String> getBots() {
        return List.copyOf(bots);
    }

    /** All but the times. */
    public String getLine() {
        String bot = bots.isEmpty() ? Messages.Audit_noBot() : String.join(", ", bots);
        return Messages.Audit_use(
                identity, bot, agent, String.join(", ", roles), Messages.Audit_certificates(certificates), renewedText());
    }

    private String renewedText() {
        return renewed == 0 ? "" : Messages.Audit_renewed(renewed);
    }

    /** When the first of its leases was granted; null: it isn't listed. */
    public String getFrom() {
        return leases.isEmpty() ? null : leases.get(0).getGranted();
    }

    /** When the last of its leases was given back; null: one of them isn't yet. */
    public String getUntil() {
        boolean over = !leases.isEmpty() && leases.stream().allMatch(lease -> lease.getReleased() != null);
        return over
                ? leases.stream().map(LeaseRecord::getReleased).max(Comparator.naturalOrder()).orElse(null)
                : null;
    }

    /** Whether this controller signed anything for it. */
    boolean isStated() {
        return leases.stream().map(LeaseRecord::getStatement).anyMatch(Objects::nonNull);
    }
}
