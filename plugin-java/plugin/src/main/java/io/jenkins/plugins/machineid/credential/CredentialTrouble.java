// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import hudson.AbortException;

/** A credential can't be used now. No refusal: what was begun with it goes on. */
public final class CredentialTrouble extends AbortException {
    private static final long serialVersionUID = 1L;

    CredentialTrouble(String sentence) {
        super(sentence);
    }

    /** What a provider threw, for a log: kinds and places, since its words may repeat what it read. */
    static String places(Throwable theirs) {
        StringBuilder text = new StringBuilder();
        Throwable each = theirs;
        for (int depth = 0; each != null && depth < 5; depth++, each = each.getCause()) {
            text.append(each.getClass().getName());
            StackTraceElement[] stack = each.getStackTrace();
            for (int i = 0; i < Math.min(8, stack.length); i++) {
                text.append("\n\tat ").append(stack[i]);
            }
            text.append('\n');
        }
        return text.toString();
    }
}
