// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import io.jenkins.plugins.machineid.lease.Reply;
import java.util.ArrayList;
import java.util.List;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/** A certificate that a block used. */
@ExportedBean(defaultVisibility = 2)
public final class CertificateRecord {
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

    CertificateRecord(String identity, String agent, Reply certificate) {
        this.identity = identity;
        this.agent = agent;
        this.kind = certificate.text("kind");
        this.output = certificate.text("output");
        this.target = certificate.text("target");
        this.keyId = certificate.text("key_id");
        this.serial = certificate.text("serial");
        this.fingerprint = certificate.text("fingerprint");
        this.roles = new ArrayList<>(certificate.texts("roles"));
        this.principals = new ArrayList<>(certificate.texts("principals"));
        this.validFrom = certificate.text("valid_from");
        this.validUntil = certificate.text("valid_until");
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

    boolean same(CertificateRecord other) {
        return identity.equals(other.identity)
                && kind.equals(other.kind)
                && output.equals(other.output)
                && target.equals(other.target)
                && serial.equals(other.serial)
                && fingerprint.equals(other.fingerprint);
    }
}
