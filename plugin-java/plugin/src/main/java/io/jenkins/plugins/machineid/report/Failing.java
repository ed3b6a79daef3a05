// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.report;

import io.jenkins.plugins.machineid.reply.JenkinsWords;
import io.jenkins.plugins.machineid.reply.Reply;
import java.time.Instant;

/**
 * What goes wrong with an identity, until a success.
 *
 * @param hint what to do; may be empty
 * @param since its first time; null: the agent doesn't say
 */
public record Failing(String code, String message, String hint, Instant since) {
    /** Null when there is nothing. */
    static Failing read(Reply failure, Heard heard) {
        if (failure == null) {
            return null;
        }
        return new Failing(
                heard.text(failure, "code"),
                heard.text(failure, "message"),
                heard.kept(JenkinsWords.of(failure.text("hint"))),
                failure.time("since"));
    }
}
