// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.audit;

import hudson.ExtensionList;
import hudson.model.Run;
import io.jenkins.plugins.machineid.issuer.IssuerAddress;
import io.jenkins.plugins.machineid.reply.AgentText;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Tells all listeners of a build's events. Waits for nothing, and never fails. */
final class Events {
    private static final Logger LOGGER = Logger.getLogger(Events.class.getName());
    private static final Map<MachineIdListener, ListenerQueue> QUEUES = new ConcurrentHashMap<>();

    private Events() {}

    static void signed(Run<?, ?> run, Allowance allowed, String statement) {
        Map<AuditField, Object> facts = of(run, allowed);
        facts.put(AuditField.ROLES, allowed.roles());
        facts.put(AuditField.STATEMENT, statement);
        tell(new MachineIdEvent(MachineIdEvent.Type.SIGNED, facts));
    }

    /** One of those that a lease has had, as long as it has {@link RecordLimits#EVENTS_OF_A_LEASE}; then that there is more. */
    static void certificate(Run<?, ?> run, Allowance allowed, CertificateRecord certificate, Seen seen) {
        if (!seen.first(certificate)) {
            return;
        }
        Map<AuditField, Object> facts = of(run, allowed);
        facts.putAll(certificate.facts());
        boolean renews = seen.renews(certificate);
        MachineIdEvent event =
                new MachineIdEvent(renews ? MachineIdEvent.Type.RENEWED : MachineIdEvent.Type.ISSUED, facts);
        int size = event.json().getBytes(StandardCharsets.UTF_8).length;
        switch (seen.room(certificate, size)) {
            case ENOUGH -> tell(event);
            case NO_MORE -> tell(noMore(run, allowed));
            case NONE -> {}
        }
    }

    static MachineIdEvent noMore(Run<?, ?> run, Allowance allowed) {
        return new MachineIdEvent(MachineIdEvent.Type.LOST, of(run, allowed));
    }

    static void released(Run<?, ?> run, Allowance allowed, String directory) {
        Map<AuditField, Object> facts = of(run, allowed);
        facts.put(AuditField.DIRECTORY, AgentText.line(directory, RecordLimits.TEXT));
        tell(new MachineIdEvent(MachineIdEvent.Type.RELEASED, facts));
    }

    static void refused(Run<?, ?> run, RefusalRecord refusal) {
        Map<AuditField, Object> facts = of(run);
        facts.putAll(refusal.facts());
        tell(new MachineIdEvent(MachineIdEvent.Type.REFUSED, facts));
    }

    private static Map<AuditField, Object> of(Run<?, ?> run, Allowance allowed) {
        Map<AuditField, Object> facts = of(run);
        facts.put(AuditField.AGENT, allowed.agent());
        facts.put(AuditField.IDENTITY, allowed.identity());
        facts.put(AuditField.LEASE, allowed.lease());
        return facts;
    }

    /** Which build. */
    static Map<AuditField, Object> of(Run<?, ?> run) {
        Map<AuditField, Object> facts = new EnumMap<>(AuditField.class);
        facts.put(AuditField.JOB, run.getParent().getFullName());
        facts.put(AuditField.BUILD, run.getNumber());
        facts.put(AuditField.URL, url(run));
        return facts;
    }

    /** As statements about the build have it; below Jenkins' own address where that isn't known. */
    static String url(Run<?, ?> run) {
        String controller = IssuerAddress.controller();
        return (controller.isEmpty() ? "" : controller + "/") + run.getUrl();
    }

    private static void tell(MachineIdEvent event) {
        try {
            List<MachineIdListener> listeners = ExtensionList.lookup(MachineIdListener.class);
            QUEUES.keySet().removeIf(known -> !listeners.contains(known));
            for (MachineIdListener listener : listeners) {
                QUEUES.computeIfAbsent(listener, ListenerQueue::new).tell(event);
            }
        } catch (RuntimeException | LinkageError e) {
            // A listener that can't even be made.
            LOGGER.log(Level.WARNING, "an event of a machine identity could not be told", e);
        }
    }
}
