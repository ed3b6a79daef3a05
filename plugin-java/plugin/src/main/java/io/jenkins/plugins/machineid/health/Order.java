// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;

/** By what the table is sorted. */
enum Order {
    /** The worst first. */
    STATE(Comparator.comparing(Entry::condition)),
    /** By the agents' names. */
    AGENT(Comparator.comparing(entry -> entry.report().agent(), String.CASE_INSENSITIVE_ORDER)),
    /** What expires first. */
    EXPIRY(Comparator.comparing(Entry::expiresAt, Comparator.nullsLast(Comparator.<Instant>naturalOrder()))),
    /** Who wasn't heard of for the longest time. */
    HEARD(Comparator.comparing(entry -> entry.report().heardAt(), Comparator.nullsFirst(Comparator.<Instant>naturalOrder())));

    private final Comparator<Entry> comparator;

    Order(Comparator<Entry> first) {
        this.comparator = first.thenComparing(Entry::condition)
                .thenComparing(entry -> entry.report().agent(), String.CASE_INSENSITIVE_ORDER)
                .thenComparing(Entry::node)
                .thenComparing(Entry::name)
                .thenComparing(Entry::identityId);
    }

    Comparator<Entry> comparator() {
        return comparator;
    }

    /** As it is written in addresses. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one of that word; the first where there is none. */
    static Order of(String word) {
        for (Order order : values()) {
            if (order.word().equals(word)) {
                return order;
            }
        }
        return STATE;
    }
}
