// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

/** How much of a build's machine identities is kept with the build, and shown: the one home of these numbers. */
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
    /** Events of one lease's certificates: a lease of a day that is renewed each half minute has as many. */
    static final int EVENTS_OF_A_LEASE = 6000;

    private RecordLimits() {}
}
