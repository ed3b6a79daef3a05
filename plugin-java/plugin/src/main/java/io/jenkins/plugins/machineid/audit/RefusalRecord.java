// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.reply.AgentText;
import java.util.EnumMap;
import java.util.Map;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A wish that the policy refused. */
@ExportedBean(defaultVisibility = 2)
public final class RefusalRecord {
    private final String rule;
    private final String agent;
    private final String identity;
    private final String sentence;
    private final String time;

    /** @param identity as it was asked for; null: the agent's default */
    RefusalRecord(String rule, String agent, String identity, String sentence, String time) {
        this.rule = rule;
        this.agent = agent;
        this.identity = identity == null ? "" : AgentText.line(identity, RecordLimits.TEXT);
        this.sentence = AgentText.line(sentence, RecordLimits.SENTENCE);
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

    /** As it was asked for; empty: the agent's default. */
    @Exported
    public String getIdentity() {
        return identity;
    }

    @Exported
    public String getSentence() {
        return sentence;
    }

    @Exported
    public String getTime() {
        return time;
    }

    Map<AuditField, Object> facts() {
        Map<AuditField, Object> facts = new EnumMap<>(AuditField.class);
        facts.put(AuditField.AGENT, agent);
        facts.put(AuditField.IDENTITY, identity);
        facts.put(AuditField.RULE, rule);
        facts.put(AuditField.SENTENCE, sentence);
        return facts;
    }
}
