// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.agent.AgentStatus;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What an agent last said of itself: its word, looked over and bounded.
 *
 * @param agent as shown to people
 * @param library whether the library is of use there
 * @param problem why it isn't; empty: it is, or nobody has tried
 * @param problemCode of the codes in {@code docs/errors-jenkins.md}; empty: as above
 * @param version of the library; empty: not told, since no identity is in use
 * @param platform operating system and processor; empty: not told
 * @param number stands for all of it, to be sent along with the next question; null: none
 * @param heardAt when it answered last
 * @param changedAt when it last said something new
 */
public record AgentReport(
        String agent,
        Library library,
        String problem,
        String problemCode,
        String version,
        String platform,
        List<IdentityReport> identities,
        List<LeaseReport> leases,
        String number,
        Instant heardAt,
        Instant changedAt) {
    /** The library on an agent. */
    public enum Library {
        /** Nothing has used it yet. */
        UNUSED,
        /** Loaded and in use. */
        USED,
        /** It can't be loaded. */
        UNAVAILABLE
    }

    /** Most of an agent's identities that are kept. */
    static final int MOST_IDENTITIES = 100;
    /** Most of its leases. */
    static final int MOST_LEASES = 1000;

    private static final int LONGEST_PLATFORM = 40;
    private static final Pattern NUMBER = Pattern.compile("[0-9a-f]{32}");

    public AgentReport {
        identities = List.copyOf(identities);
        leases = List.copyOf(leases);
    }

    /**
     * @param said an agent's, not {@link AgentStatus#isUnchanged() unchanged}
     * @param replies of its engines, read
     */
    public static AgentReport of(String agent, AgentStatus said, Collection<Reply> replies, Instant now) {
        NativeUnavailableException why = said.isUsed() ? null : said.getUnavailable();
        NativeFailure failure = why == null ? null : NativeFailure.of(why, agent);
        String version = "";
        Map<String, IdentityReport> identities = new LinkedHashMap<>();
        List<LeaseReport> leases = new ArrayList<>();
        for (Reply reply : replies) {
            version = Heard.text(reply, "version");
            for (Reply identity : reply.objects("identities")) {
                // Of engines for an older and the present configuration of an identity the present one counts: the last.
                IdentityReport read = IdentityReport.read(identity);
                if (identities.size() < MOST_IDENTITIES || identities.containsKey(read.id())) {
                    identities.put(read.id(), read);
                }
            }
            reply.objects("leases").stream()
                    .limit((long) MOST_LEASES - leases.size())
                    .map(LeaseReport::read)
                    .forEach(leases::add);
        }
        String number = said.getNumber();
        return new AgentReport(
                agent,
                said.isUsed() ? Library.USED : failure == null ? Library.UNUSED : Library.UNAVAILABLE,
                failure == null ? "" : Heard.kept(failure.sentence()),
                failure == null ? "" : failure.code(),
                version,
                AgentText.line(said.getPlatform(), LONGEST_PLATFORM),
                new ArrayList<>(identities.values()),
                leases,
                number != null && NUMBER.matcher(number).matches() ? number : null,
                now,
                now);
    }

    /** The same, heard once more. */
    AgentReport heardAgain(Instant now) {
        return new AgentReport(
                agent, library, problem, problemCode, version, platform, identities, leases, number, now, changedAt);
    }

    /** The leases of one of its identities. */
    public List<LeaseReport> leasesOf(String identity) {
        return leases.stream().filter(lease -> lease.identity().equals(identity)).toList();
    }

    /** Whether something is in use that may change by itself, or goes wrong. */
    boolean isLively() {
        return !leases.isEmpty() || identities.stream().anyMatch(identity -> identity.failing() != null);
    }
}
