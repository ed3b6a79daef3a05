// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

/** Signs statements about builds. */
public final class Statements {
    private Statements() {}

    /**
     * @param audience the cluster that it is for
     * @return ASCII, for five minutes; to be wiped by the caller
     * @throws IllegalStateException with a sentence for people: the keys can't be read, or Jenkins has no address
     */
    public static byte[] sign(StatementForm form, BuildFacts facts, String audience) {
        throw new UnsupportedOperationException("soon");
    }
}
