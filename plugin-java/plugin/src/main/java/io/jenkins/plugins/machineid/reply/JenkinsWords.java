// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.reply;

import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Shell;

/** The library's hints name things as a {@code tbot.yaml} does; in Jenkins they have other names. */
public final class JenkinsWords {
    static final String CA = "`ca_path` in tbot.yaml";
    static final String RESOURCE = "token/NAME";

    private JenkinsWords() {}

    public static String of(String hint) {
        return hint.replace(CA, Messages.Hint_caCertificate());
    }

    /** @param resource the name that the identity has for it */
    public static String naming(String resource, String sentence) {
        return sentence.replace(RESOURCE, "token/" + Shell.word(resource));
    }
}
