// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.vocabulary.Vocabulary;

/** How much of a build's machine identities is kept with the build, shown, and told: the one home of these numbers. */
final class RecordLimits {
    /** Leases, certificates and refusals, of each: a build that loops over blocks must not grow its record without end. */
    static final int RECORDS = 500;
    /** Nor may an agent: characters of all its certificates together. */
    static final int SIZE = 512 * 1024;
    /** Kept free for certificates that aren't as allowed, and for leases of identities that weren't used before. */
    static final int RESERVED = 50;
    /** What is left out is counted no further. */
    static final long COUNTED = RECORDS * 1000L;
    /** Longest sentence of a refusal: a job chooses parts of it. */
    static final int SENTENCE = 600;
    /** Lines of each kind on the build's own page; all of them are on the record's. */
    static final int LINES = 5;
    /** Longest list and text of a certificate: as many roles as can be asked for, and a name that the library takes. */
    static final int ITEMS = Vocabulary.limit("roles");
    static final int TEXT = 300;

    /** Entries of a list in an event, and bytes of them all together, as JSON. */
    static final int EVENT_ITEMS = 20;
    static final int EVENT_LIST = 1000;
    /** Bytes of a text in an event, as JSON. */
    static final int EVENT_TEXT = 256;
    /** Bytes of all events of one lease's certificates, as JSON: the log must not be rotated away by one of them. */
    static final int EVENTS_OF_A_LEASE = 1 << 20;
    /** Leases that are over, of which no late report is told. */
    static final int OVER = 500;

    private RecordLimits() {}
}
