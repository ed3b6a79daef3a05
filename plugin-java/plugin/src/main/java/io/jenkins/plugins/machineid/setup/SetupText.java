// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

/** A text to be copied. */
public final class SetupText {
    private final String id;
    private final String title;
    private final String text;
    private final boolean folded;

    /** @param folded shown on a click only: most people need another one */
    SetupText(String id, String title, String text, boolean folded) {
        this.id = id;
        this.title = title;
        this.text = text;
        this.folded = folded;
    }

    /** In the page. */
    public String getId() {
        return id;
    }

    public String getTitle() {
        return title;
    }

    public String getText() {
        return text;
    }

    public boolean isFolded() {
        return folded;
    }
}
