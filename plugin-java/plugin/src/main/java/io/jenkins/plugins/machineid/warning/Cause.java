// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import java.util.Locale;

/** What administrators are told before it hurts: a closed list. {@code docs/monitors.md} has a row for each, with its example alert. */
public enum Cause {
    /** An identity can't be renewed any more without a fresh token. */
    NEEDS_TOKEN(true),
    /** A bot, its user or a role is locked. */
    LOCKED(true),
    /** An identity isn't renewed, and it isn't known that it can't be. */
    NOT_RENEWED(false),
    /** An identity ends soon, or has ended. */
    EXPIRES(true),
    /** The certificate of a cluster's own authority ends soon. */
    AUTHORITY_EXPIRES(false),
    /** A cluster is newer than all that this plugin was verified with. */
    NEWER_CLUSTER(false),
    /** An identity takes a part of its bot's roles, which the cluster's next version doesn't grant. */
    ROLE_SUBSET(false),
    /** A signing key is published that token resources with the public keys in them may not know. */
    NEXT_KEY(false),
    /** Agents for which there is no library. */
    PLATFORM(false);

    private final boolean serious;

    Cause(boolean serious) {
        this.serious = serious;
    }

    /** Whether builds fail already, or will within minutes. */
    public boolean isSerious() {
        return serious;
    }

    /** As in names of metrics. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
