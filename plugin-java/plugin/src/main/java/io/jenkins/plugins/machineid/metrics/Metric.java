// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.metrics;

import io.jenkins.plugins.machineid.access.Refusal;
import io.jenkins.plugins.machineid.agent.NativeUnavailableException;
import io.jenkins.plugins.machineid.report.Condition;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import io.jenkins.plugins.machineid.warning.Cause;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The metrics, once: each name, its kind and what it means. {@code docs/metrics.md} is compared with it. The Metrics plugin
 * knows no labels: what would be one is a part of the name, from a closed list or an id of the configuration.
 */
public enum Metric {
    STATEMENTS_SIGNED(Kind.COUNTER, Part.NONE, "Statements that this controller has signed, each for a join or a renewal of a block's lease"),
    CERTIFICATES_ISSUED(Kind.COUNTER, Part.NONE, "Certificates that agents have reported, the first for their purpose in a lease"),
    CERTIFICATES_RENEWED(Kind.COUNTER, Part.NONE, "Certificates that agents have reported in place of others"),
    CERTIFICATES_NOT_GRANTED(Kind.COUNTER, Part.NONE, "Certificates among them that aren't as granted; the block was ended"),
    LEASES_RELEASED(Kind.COUNTER, Part.NONE, "Leases of blocks that have ended on their agents"),
    REFUSALS(Kind.COUNTER, Part.NONE, "Wishes of jobs that the policy has refused"),
    REFUSALS_BY_RULE("refusals", Kind.COUNTER, Part.RULE, "The same, by the rule that refused"),
    EVENTS_MISSED(Kind.COUNTER, Part.NONE, "Events that the counters above weren't told, since too many came at once"),
    ACQUIRE_DURATION_SECONDS(Kind.SUMMARY, Part.NONE, "How long blocks waited for their lease on the agent, of those that got one; without the time in the queue of joins"),
    ACQUIRES_FAILED(Kind.COUNTER, Part.NONE, "Tries to take a block's lease that have failed; what the policy refused before isn't among them"),
    RENEWALS(Kind.COUNTER, Part.NONE, "Leases that joined once more with a fresh statement"),
    RENEWALS_FAILED(Kind.COUNTER, Part.NONE, "Leases that could not; they are tried again"),
    STANDING_FAILED(Kind.COUNTER, Part.NONE, "Standing destinations that could not be taken, or could not join once more; they are tried again"),
    FAILURES("failures", Kind.COUNTER, Part.CODE, "All of these failures, by the code of the error; `other` has none"),
    LEASES(Kind.GAUGE, Part.NONE, "Leases of running blocks, those that are being taken included"),
    LEASES_OWED(Kind.GAUGE, Part.NONE, "Leases of blocks that are over, to be released when their agents are back"),
    BLOCKS_WAITING(Kind.GAUGE, Part.NONE, "Blocks that have asked for a lease and don't have it yet"),
    JOINS_QUEUED(Kind.GAUGE, Part.NONE, "First joins and renewals that wait for their turn, because of the clusters' limits"),
    IDENTITIES("identities", Kind.GAUGE, Part.CONDITION, "Identities on agents of which this is known"),
    IDENTITY_REMAINING_SECONDS("identity", "remaining_seconds", Kind.GAUGE, Part.IDENTITY, "Time left until the identity expires on the first of its agents, negative afterwards; absent while it is on none"),
    IDENTITY_FAILING("identity", "failing", Kind.GAUGE, Part.IDENTITY, "Agents on which something goes wrong with the identity"),
    IDENTITY_JOINS("identity", "joins", Kind.COUNTER, Part.IDENTITY, "Joins with the identity, as agents tell; by a block's statement, too"),
    IDENTITY_JOINS_FAILED("identity", "joins_failed", Kind.COUNTER, Part.IDENTITY, "The same, of those that have failed"),
    IDENTITY_RENEWALS("identity", "renewals", Kind.COUNTER, Part.IDENTITY, "Renewals of the identity, as agents tell"),
    IDENTITY_RENEWALS_FAILED("identity", "renewals_failed", Kind.COUNTER, Part.IDENTITY, "The same, of those that have failed"),
    IDENTITY_ISSUANCES("identity", "issuances", Kind.COUNTER, Part.IDENTITY, "Certificates that the cluster has issued to agents for the identity, as they tell"),
    IDENTITY_ISSUANCES_FAILED("identity", "issuances_failed", Kind.COUNTER, Part.IDENTITY, "The same, of those that it has not"),
    AGENT_FAILURES("agent_failures", Kind.COUNTER, Part.CODE, "All joins, renewals and certificates that have failed on agents, by the code of the error"),
    CLAIMS_DROPPED(Kind.GAUGE, Part.NONE, "Identities of which agents tell that may not use them: left out everywhere else"),
    WARNINGS("warnings", Kind.GAUGE, Part.CAUSE, "Warnings of this cause, each counted by its agents where it is about agents; dismissed ones, too");

    /** What a metric is, in Prometheus' words. */
    public enum Kind {
        COUNTER,
        GAUGE,
        SUMMARY;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What stands in the name in place of a label. */
    enum Part {
        NONE,
        RULE,
        CODE,
        CONDITION,
        CAUSE,
        /** An id of the configuration. */
        IDENTITY
    }

    /** In place of a code that isn't known here. */
    static final String OTHER = "other";

    private static final String PREFIX = "jenkins.machine_id.";

    private final String before;
    private final String after;
    private final Kind kind;
    private final Part part;
    private final String meaning;

    Metric(Kind kind, Part part, String meaning) {
        this.before = name().toLowerCase(Locale.ROOT);
        this.after = "";
        this.kind = kind;
        this.part = part;
        this.meaning = meaning;
    }

    Metric(String before, Kind kind, Part part, String meaning) {
        this(before, "", kind, part, meaning);
    }

    Metric(String before, String after, Kind kind, Part part, String meaning) {
        this.before = before;
        this.after = after.isEmpty() ? "" : "_" + after;
        this.kind = kind;
        this.part = part;
        this.meaning = meaning;
    }

    public Kind kind() {
        return kind;
    }

    Part part() {
        return part;
    }

    /** Without a full stop. */
    public String meaning() {
        return meaning;
    }

    /** In the Metrics plugin, of those without a part. */
    String key() {
        return key("");
    }

    /** In the Metrics plugin. */
    String key(String word) {
        return PREFIX + before + (word.isEmpty() ? "" : "_" + word) + after;
    }

    /** As the Prometheus plugin shows it, with the part in capitals. */
    public String shown() {
        return shown(part == Part.NONE ? "" : part.name());
    }

    String shown(String word) {
        return key(word).replace('.', '_') + (kind == Kind.COUNTER ? "_total" : "");
    }

    /** The words that can stand in the name; null: ids of the configuration. */
    List<String> words() {
        return switch (part) {
            case NONE -> List.of("");
            case RULE -> Arrays.stream(Refusal.Rule.values()).map(Refusal.Rule::code).toList();
            case CODE -> codes();
            case CONDITION -> Arrays.stream(Condition.values()).map(Condition::word).toList();
            case CAUSE -> Arrays.stream(Cause.values()).map(Cause::word).toList();
            case IDENTITY -> null;
        };
    }

    private static List<String> codes() {
        List<String> codes = new ArrayList<>(Vocabulary.words("error_codes"));
        Arrays.stream(NativeUnavailableException.Reason.values())
                .map(reason -> "native_" + reason.name().toLowerCase(Locale.ROOT))
                .forEach(codes::add);
        Arrays.stream(Refusal.Rule.values()).map(Refusal.Rule::code).forEach(codes::add);
        codes.add("agent_offline");
        codes.add("agent_silent");
        codes.add(OTHER);
        return codes;
    }
}
