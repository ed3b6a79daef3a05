// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.access.Durations;
import io.jenkins.plugins.machineid.reply.Reply;
import io.jenkins.plugins.machineid.vocabulary.Vocabulary;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Compares a certificate, as an agent reports it, with what was allowed. Pure. */
public final class Inspection {
    static final Set<String> KINDS = Set.copyOf(Vocabulary.words("certificate_kinds"));
    /** Teleport lets a certificate begin a minute early; the request takes a while. */
    static final Duration ROUNDING = Duration.ofMinutes(2);
    /** How far the clocks of controller and cluster may differ. */
    static final Duration CLOCKS = Duration.ofMinutes(5);

    private static final List<String> TEXTS =
            List.of("kind", "output", "target", "key_id", "serial", "fingerprint", "valid_from", "valid_until");
    private static final Pattern BOT = Pattern.compile("bot-[^\\s]{1,200}");
    private static final Pattern SERIAL = Pattern.compile("[0-9A-Fa-f]{1,64}");
    private static final Pattern FINGERPRINT = Pattern.compile("SHA256:(?:[A-Za-z0-9+/]{43}|[0-9a-f]{64})");

    private Inspection() {}

    /**
     * @param bot key id of the lease's other certificates; null: none yet
     * @return null when it is as allowed, else what isn't
     */
    public static String fault(Allowance allowed, Reply certificate, String bot, Instant now) {
        for (String name : TEXTS) {
            if (!certificate.isPlain(name, RecordLimits.TEXT)) {
                return Messages.Audit_form(name);
            }
        }
        for (String name : List.of("roles", "principals")) {
            if (!certificate.isPlainList(name, RecordLimits.ITEMS, RecordLimits.TEXT)) {
                return Messages.Audit_form(name);
            }
        }
        String form = form(certificate);
        if (form != null) {
            return Messages.Audit_form(form);
        }
        String output = Allowance.target(certificate.text("output"), certificate.text("target"));
        if (!allowed.targets().contains(output)) {
            return Messages.Audit_output(output.trim());
        }
        if (bot != null && !bot.equals(certificate.text("key_id"))) {
            return Messages.Audit_bot(certificate.text("key_id"), bot);
        }
        for (String role : certificate.texts("roles")) {
            if (!allowed.roles().isEmpty() && !allowed.roles().contains(role)) {
                return Messages.Audit_role(role);
            }
        }
        return times(allowed, certificate.time("valid_from"), certificate.time("valid_until"), now);
    }

    /** The end of validity that a lease as a whole has. */
    public static String expiry(Allowance allowed, Instant expires, Instant now) {
        return expires == null ? Messages.Audit_form("expires_at") : end(allowed, expires, now);
    }

    private static String form(Reply certificate) {
        if (!KINDS.contains(certificate.text("kind"))) {
            return "kind";
        }
        if (!BOT.matcher(certificate.text("key_id")).matches()) {
            return "key_id";
        }
        if (!SERIAL.matcher(certificate.text("serial")).matches()) {
            return "serial";
        }
        return FINGERPRINT.matcher(certificate.text("fingerprint")).matches() ? null : "fingerprint";
    }

    private static String times(Allowance allowed, Instant from, Instant until, Instant now) {
        if (from == null || until == null || !from.isBefore(until)) {
            return Messages.Audit_form("valid_from, valid_until");
        }
        Duration longest = Duration.ofSeconds(allowed.ttlSeconds()).plus(ROUNDING);
        if (Duration.between(from, until).compareTo(longest) > 0) {
            return Messages.Audit_lifetime(
                    Durations.text(Duration.between(from, until).toSeconds()), Durations.text(allowed.ttlSeconds()));
        }
        return end(allowed, until, now);
    }

    private static String end(Allowance allowed, Instant until, Instant now) {
        Instant latest = now.plusSeconds(allowed.ttlSeconds()).plus(CLOCKS);
        return until.isAfter(latest)
                ? Messages.Audit_until(until.toString(), Durations.text(allowed.ttlSeconds()))
                : null;
    }
}
