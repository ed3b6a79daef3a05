// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.warning;

import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A warning as pages and the REST API show it. */
@ExportedBean(defaultVisibility = 2)
public final class WarningLine {
    private final Warning warning;
    private final boolean dismissed;

    WarningLine(Warning warning, boolean dismissed) {
        this.warning = warning;
        this.dismissed = dismissed;
    }

    Warning warning() {
        return warning;
    }

    /** For the buttons. */
    @Exported
    public String getId() {
        return warning.id();
    }

    /** One of the closed list. */
    @Exported
    public String getCause() {
        return warning.cause().word();
    }

    @Exported
    public boolean isSerious() {
        return warning.cause().isSerious();
    }

    @Exported
    public String getSubject() {
        return warning.subject();
    }

    /** How many agents are concerned; 0: it isn't about agents. */
    @Exported
    public int getAgents() {
        return warning.agents();
    }

    @Exported
    public String getSentence() {
        return warning.sentence();
    }

    /** Below Jenkins' own address. */
    @Exported
    public String getPlace() {
        return warning.place();
    }

    @Exported
    public boolean isDismissed() {
        return dismissed;
    }
}
