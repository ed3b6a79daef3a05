// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import java.util.Locale;

/** What is told of an event or of a record: the one list of names, for the log, for listeners and for downloads. */
public enum AuditField {
    /** When it was known here; whole seconds or finer, in UTC. */
    TIME,
    /** Which kind of event, as {@link MachineIdEvent.Type#word} says. */
    EVENT,
    /** Which kind of record, in a download. */
    RECORD,
    /** Full name of the job. */
    JOB,
    /** Number of the build. */
    BUILD,
    /** Address of the build's page; as statements about the build have it. */
    URL,
    /** The agent, as shown to people. */
    AGENT,
    IDENTITY,
    /** Which of the build's leases: 32 hex digits. */
    LEASE,
    /** Of a lease: as granted, none for all of the bot. Of a certificate: as reported. */
    ROLES,
    /** Longest that one certificate may be valid. */
    LIFETIME,
    /** Id of a statement that was signed for the lease: claim {@code jti}. */
    STATEMENT,
    GRANTED,
    RELEASED,
    /** What became of the lease's directory. */
    DIRECTORY,
    KIND,
    OUTPUT,
    TARGET,
    /** The bot's user. */
    KEY_ID,
    SERIAL,
    FINGERPRINT,
    PRINCIPALS,
    /** Roles and principals that an event has no room for. */
    LEFT_OUT,
    VALID_FROM,
    VALID_UNTIL,
    /** Whether the lease has had one for the same purpose before. */
    RENEWED,
    /** What wasn't granted. */
    VIOLATION,
    /** Which rule has refused. */
    RULE,
    SENTENCE,
    /** How many events are missing before this line. */
    COUNT;

    /** As it is written. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
