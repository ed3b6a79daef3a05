// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.reply.AgentText;
import io.jenkins.plugins.machineid.reply.Reply;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A certificate, as its agent reported it; {@code violation} is what the controller has to say about it. */
@ExportedBean(defaultVisibility = 2)
public final class CertificateRecord {
    private final String lease;
    private final String identity;
    private final String agent;
    private final String kind;
    private final String output;
    private final String target;
    private final String keyId;
    private final String serial;
    private final String fingerprint;
    private final ArrayList<String> roles;
    private final ArrayList<String> principals;
    private final String validFrom;
    private final String validUntil;
    private final String violation;
    private final boolean renewed;

    /**
     * @param violation null: as allowed
     * @param before those of the build that are known so far
     */
    CertificateRecord(Allowance allowed, Reply certificate, String violation, List<CertificateRecord> before) {
        this.lease = allowed.lease();
        this.identity = allowed.identity();
        this.agent = allowed.agent();
        this.kind = text(certificate, "kind");
        this.output = text(certificate, "output");
        this.target = text(certificate, "target");
        this.keyId = text(certificate, "key_id");
        this.serial = text(certificate, "serial");
        this.fingerprint = text(certificate, "fingerprint");
        this.roles = texts(certificate, "roles");
        this.principals = texts(certificate, "principals");
        this.validFrom = text(certificate, "valid_from");
        this.validUntil = text(certificate, "valid_until");
        this.violation = violation;
        this.renewed = before.stream().anyMatch(other -> isForTheSame(other) && !same(other));
    }

    /** Another one of the lease that does the same, or has done so. */
    private boolean isForTheSame(CertificateRecord other) {
        return lease.equals(other.lease) && purpose().equals(other.purpose());
    }

    private static String text(Reply certificate, String name) {
        return AgentText.line(certificate.text(name), RecordLimits.TEXT);
    }

    private static ArrayList<String> texts(Reply certificate, String name) {
        ArrayList<String> texts = new ArrayList<>();
        certificate.texts(name).stream()
                .limit(RecordLimits.ITEMS)
                .forEach(text -> texts.add(AgentText.line(text, RecordLimits.TEXT)));
        return texts;
    }

    /** Which of the build's leases. */
    @Exported
    public String getLease() {
        return lease;
    }

    /** Null when it is as allowed. */
    @Exported
    public String getViolation() {
        return violation;
    }

    /** Whether the lease has had one for the same purpose before. */
    @Exported
    public boolean isRenewed() {
        return renewed;
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
    public String getKind() {
        return kind;
    }

    @Exported
    public String getOutput() {
        return output;
    }

    @Exported
    public String getTarget() {
        return target;
    }

    @Exported
    public String getKeyId() {
        return keyId;
    }

    @Exported
    public String getSerial() {
        return serial;
    }

    @Exported
    public String getFingerprint() {
        return fingerprint;
    }

    @Exported
    public List<String> getRoles() {
        return List.copyOf(roles);
    }

    @Exported
    public List<String> getPrincipals() {
        return List.copyOf(principals);
    }

    @Exported
    public String getValidFrom() {
        return validFrom;
    }

    @Exported
    public String getValidUntil() {
        return validUntil;
    }

    public String getRolesText() {
        return String.join(", ", roles);
    }

    public String getPrincipalsText() {
        return String.join(", ", principals);
    }

    /** Characters that it takes in the build's record. */
    int size() {
        int size = target.length() + keyId.length() + serial.length() + fingerprint.length() + 300;
        for (String text : roles) {
            size += text.length();
        }
        for (String text : principals) {
            size += text.length();
        }
        return size;
    }

    /** The same certificate of the same agent, whatever else is said of it. */
    boolean same(CertificateRecord other) {
        return isForTheSame(other)
                && serial.equals(other.serial)
                && fingerprint.equals(other.fingerprint)
                && validUntil.equals(other.validUntil)
                && java.util.Objects.equals(violation, other.violation);
    }

    /** What it is for. */
    String purpose() {
        return String.join("\n", kind, output, target);
    }

    /** Equal for those of a lease that are {@link #same}. */
    String key() {
        return String.join("\n", purpose(), serial, fingerprint, validUntil, String.valueOf(violation));
    }

    Map<AuditField, Object> facts() {
        Map<AuditField, Object> facts = new EnumMap<>(AuditField.class);
        facts.put(AuditField.LEASE, lease);
        facts.put(AuditField.IDENTITY, identity);
        facts.put(AuditField.AGENT, agent);
        facts.put(AuditField.KIND, kind);
        facts.put(AuditField.OUTPUT, output);
        facts.put(AuditField.TARGET, target);
        facts.put(AuditField.KEY_ID, keyId);
        facts.put(AuditField.SERIAL, serial);
        facts.put(AuditField.FINGERPRINT, fingerprint);
        facts.put(AuditField.ROLES, getRoles());
        facts.put(AuditField.PRINCIPALS, getPrincipals());
        facts.put(AuditField.VALID_FROM, validFrom);
        facts.put(AuditField.VALID_UNTIL, validUntil);
        facts.put(AuditField.VIOLATION, violation);
        return facts;
    }
}
