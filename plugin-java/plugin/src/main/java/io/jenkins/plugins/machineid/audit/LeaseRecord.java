// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.access.Durations;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A lease that the controller granted: nothing in it is an agent's word. */
@ExportedBean(defaultVisibility = 2)
public final class LeaseRecord {
    private final String lease;
    private final String identity;
    private final String agent;
    private final String job;
    private final ArrayList<String> roles;
    private final String lifetime;
    private final String granted;
    private final String released;
    private final String statement;

    LeaseRecord(Allowance allowed, String job, String granted) {
        this.lease = allowed.lease();
        this.identity = allowed.identity();
        this.agent = allowed.agent();
        this.job = job;
        this.roles = new ArrayList<>(allowed.roles());
        this.lifetime = Durations.text(allowed.ttlSeconds());
        this.granted = granted;
        this.released = null;
        this.statement = null;
    }

    private LeaseRecord(LeaseRecord before, String released, String statement) {
        this.lease = before.lease;
        this.identity = before.identity;
        this.agent = before.agent;
        this.job = before.job;
        this.roles = before.roles;
        this.lifetime = before.lifetime;
        this.granted = before.granted;
        this.released = released;
        this.statement = statement;
    }

    LeaseRecord released(String time) {
        return new LeaseRecord(this, time, statement);
    }

    /** Of the same identity on the same agent. */
    boolean isLike(Allowance allowed) {
        return identity.equals(allowed.identity()) && agent.equals(allowed.agent());
    }

    LeaseRecord signed(String id) {
        return new LeaseRecord(this, released, id);
    }

    @Exported
    public String getLease() {
        return lease;
    }

    @Exported
    public String getIdentity() {
        return identity;
    }

    @Exported
    public String getAgent() {
        return agent;
    }

    @Exported
    public String getJob() {
        return job;
    }

    /** Empty: whatever the bot may take. */
    @Exported
    public List<String> getRoles() {
        return List.copyOf(roles);
    }

    /** Longest lifetime of one certificate. */
    @Exported
    public String getLifetime() {
        return lifetime;
    }

    @Exported
    public String getGranted() {
        return granted;
    }

    /** Null: not yet, or its agent was never reached again. */
    @Exported
    public String getReleased() {
        return released;
    }

    /** Id of the first statement that was signed for it; null: none was. */
    @Exported
    public String getStatement() {
        return statement;
    }

    public String getRolesText() {
        return String.join(", ", roles);
    }

    Map<AuditField, Object> facts() {
        Map<AuditField, Object> facts = new EnumMap<>(AuditField.class);
        facts.put(AuditField.LEASE, lease);
        facts.put(AuditField.IDENTITY, identity);
        facts.put(AuditField.AGENT, agent);
        facts.put(AuditField.ROLES, getRoles());
        facts.put(AuditField.LIFETIME, lifetime);
        facts.put(AuditField.GRANTED, granted);
        facts.put(AuditField.RELEASED, released);
        facts.put(AuditField.STATEMENT, statement);
        return facts;
    }
}
