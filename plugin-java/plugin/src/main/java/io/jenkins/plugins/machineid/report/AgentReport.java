// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.agent.AgentStatus;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import io.jenkins.plugins.machineid.agent.Service;
import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.NativeFailure;
import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * @param served how the library's work is done there; null: not told
 * @param number stands for all of it, to be sent along with the next question; null: none
 * @param heardAt when it answered last; null: never
 * @param changedAt when it last said something new; null: as above
 * @param silence since when it doesn't answer, or one of its engines; null: it does
 */
public record AgentReport(
        String agent,
        Library library,
        String problem,
        String problemCode,
        String version,
        String platform,
        Service served,
        List<IdentityReport> identities,
        List<LeaseReport> leases,
        String number,
        Instant heardAt,
        Instant changedAt,
        Silence silence) {
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
    public static final int MOST_IDENTITIES = 100;
    /** Most of its leases. */
    static final int MOST_LEASES = 1000;

    /** Memory for an agent's identities, and for its leases; with all else that is less than 256 KiB. */
    private static final int IDENTITIES_BYTES = 72 * 1024;

    private static final int LEASES_BYTES = 136 * 1024;
    private static final int IDENTITY_BYTES = 320;
    private static final int LEASE_BYTES = 64;
    /** Of all else. */
    private static final int OTHER_BYTES = 4 * 1024;
    /** Identities, and leases of theirs, that are kept in brief when their engine doesn't answer. */
    private static final int MOST_UNTOLD = 5;

    private static final int LONGEST_PLATFORM = 40;
    private static final Pattern NUMBER = Pattern.compile("[0-9a-f]{32}");

    public AgentReport {
        identities = List.copyOf(identities);
        leases = List.copyOf(leases);
    }

    /** Of an agent that has never answered. */
    static AgentReport none(String agent) {
        return new AgentReport(agent, Library.UNUSED, "", "", "", "", null, List.of(), List.of(), null, null, null, null);
    }

    /** As {@link #of(String, AgentStatus, Collection, String, Instant)}, where each engine has answered. */
    public static AgentReport of(String agent, AgentStatus said, Collection<Reply> replies, Instant now) {
        return of(agent, said, replies, "", now);
    }

    /**
     * @param said an agent's, not {@link AgentStatus#isUnchanged() unchanged}
     * @param replies of its engines, read
     * @param fault why another engine's can't be read, as a sentence; empty: there is none
     */
    public static AgentReport of(String agent, AgentStatus said, Collection<Reply> replies, String fault, Instant now) {
        NativeUnavailableException why = said.isUsed() ? null : said.getUnavailable();
        NativeFailure failure = why == null ? null : NativeFailure.of(why, agent);
        String number = said.getNumber();
        Heard other = new Heard(OTHER_BYTES);
        Heard ofIdentities = new Heard(IDENTITIES_BYTES);
        List<IdentityReport> identities = identities(replies, ofIdentities);
        String version = replies.stream().map(reply -> other.text(reply, "version")).reduce("", (first, last) -> last);
        return new AgentReport(
                agent,
                said.isUsed() ? Library.USED : failure == null ? Library.UNUSED : Library.UNAVAILABLE,
                failure == null ? "" : other.kept(failure.sentence()),
                failure == null ? "" : failure.code(),
                version,
                AgentText.line(said.getPlatform(), LONGEST_PLATFORM),
                said.isUsed() ? said.getService() : null,
                identities,
                leases(replies, new Heard(LEASES_BYTES, ofIdentities)),
                number != null && NUMBER.matcher(number).matches() ? number : null,
                now,
                now,
                fault.isEmpty() ? null : new Silence(AgentText.line(fault, Heard.LONGEST), now, Set.of(), false));
    }

    private static List<IdentityReport> identities(Collection<Reply> replies, Heard heard) {
        Map<String, IdentityReport> identities = new LinkedHashMap<>();
        for (Reply reply : replies) {
            for (Reply identity : reply.objects("identities")) {
                // What has no room is left out, and not told in part.
                if (!heard.takes(IDENTITY_BYTES)) {
                    break;
                }
                IdentityReport read = IdentityReport.read(identity, heard);
                // Of engines for an older and the present configuration of an identity the present one counts: the last.
                if (heard.fits() && (identities.size() < MOST_IDENTITIES || identities.containsKey(read.id()))) {
                    identities.put(read.id(), read);
                }
            }
        }
        return new ArrayList<>(identities.values());
    }

    private static List<LeaseReport> leases(Collection<Reply> replies, Heard heard) {
        List<LeaseReport> leases = new ArrayList<>();
        for (Reply reply : replies) {
            for (Reply lease : reply.objects("leases")) {
                if (leases.size() == MOST_LEASES || !heard.takes(LEASE_BYTES)) {
                    break;
                }
                LeaseReport read = LeaseReport.read(lease, heard);
                if (heard.fits()) {
                    leases.add(read);
                }
            }
        }
        return leases;
    }

    /** The same, heard once more. */
    AgentReport heardAgain(Instant now) {
        return new AgentReport(
                agent, library, problem, problemCode, version, platform, served, identities, leases, number, now, changedAt, silence);
    }

    /** The same, when it doesn't answer. All is asked for the next time. */
    AgentReport unanswered(String why, Instant now) {
        Set<String> all = new LinkedHashSet<>();
        identities.forEach(identity -> all.add(identity.id()));
        Instant since = silence != null && silence.whole() ? silence.since() : now;
        Silence whole = new Silence(AgentText.line(why, Heard.LONGEST), since, all, true);
        return new AgentReport(
                agent, library, problem, problemCode, version, platform, served, identities, leases, null, heardAt, changedAt, whole);
    }

    /** With what was known of identities and leases before of which an engine doesn't tell now. */
    AgentReport after(AgentReport before) {
        if (silence == null || before == null) {
            return this;
        }
        Set<String> told = new LinkedHashSet<>();
        identities.forEach(identity -> told.add(identity.id()));
        List<IdentityReport> all = new ArrayList<>(identities);
        Set<String> untold = new LinkedHashSet<>();
        for (IdentityReport identity : before.identities()) {
            if (!told.contains(identity.id()) && untold.size() < MOST_UNTOLD) {
                all.add(identity.brief());
                untold.add(identity.id());
            }
        }
        List<LeaseReport> held = new ArrayList<>(leases);
        before.leases().stream()
                .filter(lease -> untold.contains(lease.identity()))
                .limit(MOST_UNTOLD)
                .map(LeaseReport::brief)
                .forEach(held::add);
        Instant since = before.silence() == null ? silence.since() : before.silence().since();
        Silence part = new Silence(silence.why(), since, untold, false);
        return new AgentReport(
                agent, library, problem, problemCode, version, platform, served, all, held, number, heardAt, changedAt, part);
    }

    /** Of these identities alone, and of their leases. */
    public AgentReport only(Set<String> allowed) {
        if (identities.stream().allMatch(identity -> allowed.contains(identity.id()))
                && leases.stream().allMatch(lease -> allowed.contains(lease.identity()))) {
            return this;
        }
        return new AgentReport(
                agent,
                library,
                problem,
                problemCode,
                version,
                platform,
                served,
                identities.stream().filter(identity -> allowed.contains(identity.id())).toList(),
                leases.stream().filter(lease -> allowed.contains(lease.identity())).toList(),
                number,
                heardAt,
                changedAt,
                silence == null ? null : silence.only(allowed));
    }

    /**
     * Since when nothing new is known of an identity of a connected agent.
     *
     * @param identity null: of the agent itself
     * @return null: it isn't so
     */
    public Instant silentSince(IdentityReport identity, Instant now) {
        boolean concerned = silence != null
                && (identity == null
                        ? silence.whole() || silence.identities().isEmpty()
                        : silence.identities().contains(identity.id()));
        if (concerned) {
            return silence.since();
        }
        return heardAt == null || now.isBefore(heardAt.plus(AgentReports.OLD)) ? null : heardAt;
    }

    /** The leases of one of its identities. */
    public List<LeaseReport> leasesOf(String identity) {
        return leases.stream().filter(lease -> lease.identity().equals(identity)).toList();
    }

    /** Whether something is in use that may change by itself, or goes wrong. */
    boolean isLively() {
        return silence != null || !leases.isEmpty() || identities.stream().anyMatch(identity -> identity.failing() != null);
    }
}
