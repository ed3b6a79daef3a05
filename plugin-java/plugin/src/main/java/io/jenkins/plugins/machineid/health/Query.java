// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.field.Texts;

/**
 * What somebody wants to see.
 *
 * @param text in any of the texts that are shown; empty: any
 * @param state a condition's word, {@link #TROUBLE}, or empty
 * @param identity its id, or empty
 * @param cluster its name, or empty
 * @param page from 1 on
 */
public record Query(String text, String state, String identity, String cluster, String sort, int page) {
    /** In place of a state: all that somebody should look at. */
    static final String TROUBLE = "trouble";

    private static final int LONGEST = 200;

    static final Query ALL = new Query("", "", "", "", Order.STATE.word(), 1);

    /** Of an address; anything may be left out or nonsense. */
    public static Query of(String text, String state, String identity, String cluster, String sort, String page) {
        return new Query(
                bounded(text), bounded(state), bounded(identity), bounded(cluster), Order.of(Texts.orEmpty(sort)).word(), number(page));
    }

    private static String bounded(String text) {
        String trimmed = Texts.orEmpty(text).strip();
        return trimmed.substring(0, Math.min(LONGEST, trimmed.length()));
    }

    private static int number(String page) {
        try {
            return Math.max(1, Integer.parseInt(Texts.orEmpty(page)));
        } catch (NumberFormatException e) {
            return 1;
        }
    }

    Order order() {
        return Order.of(sort);
    }

    boolean wants(Entry entry) {
        return (state.isEmpty()
                        || (state.equals(TROUBLE) ? entry.condition().isTrouble() : entry.condition().word().equals(state)))
                && (identity.isEmpty() || entry.name().equals(identity))
                && (cluster.isEmpty() || entry.cluster().equals(cluster))
                && (text.isEmpty() || entry.says(each -> contains(each, text)));
    }

    /** Whatever the case of the letters; nothing is copied. */
    private static boolean contains(String whole, String part) {
        for (int at = 0; at + part.length() <= whole.length(); at++) {
            if (whole.regionMatches(true, at, part, 0, part.length())) {
                return true;
            }
        }
        return false;
    }

    /** The part of an address that asks for another page of the same. */
    public String link(int other) {
        return address(state, sort, other);
    }

    /** For the same in another order. */
    public String sorted(String order) {
        return address(state, order, 1);
    }

    /** For the same in one state. */
    public String inState(String other) {
        return address(other, sort, 1);
    }

    private String address(String state, String sort, int page) {
        return "?q=" + Urls.value(text) + "&state=" + Urls.value(state) + "&identity=" + Urls.value(identity) + "&cluster="
                + Urls.value(cluster) + "&sort=" + Urls.value(sort) + "&page=" + page;
    }
}
