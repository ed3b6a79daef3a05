// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A wish that the policy refused. */
@ExportedBean(defaultVisibility = 2)
public final class RefusalRecord {
    private final String rule;
    private final String agent;
    private final String sentence;
    private final String time;

    RefusalRecord(String rule, String agent, String sentence, String time) {
        this.rule = rule;
        this.agent = agent;
        this.sentence = sentence;
        this.time = time;
    }

    @Exported
    public String getRule() {
        return rule;
    }

    @Exported
    public String getAgent() {
        return agent;
    }

    @Exported
    public String getSentence() {
        return sentence;
    }

    @Exported
    public String getTime() {
        return time;
    }
}
