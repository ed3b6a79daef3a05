// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.health;

import io.jenkins.plugins.machineid.Messages;

/** What is asked before an identity is dropped. */
public final class Drop {
    private final Actions about;

    Drop(Actions about) {
        this.about = about;
    }

    public String getQuestion() {
        String agent = about.node().isEmpty() ? Messages.Health_builtIn() : about.node();
        return Messages.Drop_question(about.identity(), agent);
    }

    public String getMeaning() {
        return about.meaning();
    }
}
