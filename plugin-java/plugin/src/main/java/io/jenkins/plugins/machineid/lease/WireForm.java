// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import hudson.Extension;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.issuer.TeleportVersion;
import io.jenkins.plugins.machineid.join.FormAdvice;
import java.util.Optional;
import java.util.stream.Collectors;

/** In which form statements go on the wire, and whether the cluster's version takes it, as far as that is known. */
@Extension
public final class WireForm extends FormAdvice {
    @Override
    protected FormValidation of(String cluster, StatementForm form) {
        Cluster known = MachineIdConfiguration.get().cluster(cluster);
        if (known == null) {
            return FormValidation.ok(Messages.Wire_form(form.method(), form.since()));
        }
        return tooOld(known, form)
                .map(FormValidation::error)
                .orElseGet(() -> FormValidation.ok(sentence(known, form)));
    }

    /** The form, since when it is taken, and what is known of this cluster. */
    public static String sentence(Cluster cluster, StatementForm form) {
        return SeenServer.of(cluster)
                .map(seen -> form.isTakenBy(seen.version())
                        ? Messages.Wire_taken(form.method(), form.since(), cluster.getName(), seen.version())
                        : Messages.Wire_refused(form.method(), form.since(), cluster.getName(), seen.version()))
                .orElseGet(() -> Messages.Wire_unseen(form.method(), form.since(), cluster.getName()));
    }

    /** That the identity's statements are of a form which a cluster of the seen version doesn't take; empty: nothing is wrong. */
    public static Optional<String> tooOld(Cluster cluster, Identity identity) {
        return Optional.ofNullable(identity)
                .flatMap(known -> known.getJoin().statement())
                .flatMap(form -> tooOld(cluster, form));
    }

    private static Optional<String> tooOld(Cluster cluster, StatementForm form) {
        return SeenServer.of(cluster)
                .map(SeenServer::version)
                .filter(version -> !form.isTakenBy(version))
                .map(version -> tooOld(version, form));
    }

    private static String tooOld(TeleportVersion version, StatementForm wanted) {
        String others = StatementForm.takenBy(version).stream().map(StatementForm::method).collect(Collectors.joining(", "));
        return others.isEmpty()
                ? Messages.Seen_noForm(wanted.method(), wanted.since(), version)
                : Messages.Seen_otherForm(wanted.method(), wanted.since(), version, others);
    }
}
