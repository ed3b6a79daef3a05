// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import hudson.ExtensionList;
import hudson.ExtensionPoint;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Texts;
import io.jenkins.plugins.machineid.issuer.StatementForm;

/** The field of a statement's form, wherever it is: what is chosen goes on the wire, and the cluster has to know it. */
public abstract class FormAdvice implements ExtensionPoint {
    /**
     * What an agent was told of the cluster, held against the form.
     *
     * @param cluster its name, as whoever asks may know it; there may be none of that name
     */
    protected abstract FormValidation of(String cluster, StatementForm form);

    public static ListBoxModel choices() {
        ListBoxModel items = new ListBoxModel();
        for (StatementForm each : StatementForm.values()) {
            items.add(Messages.JenkinsJoin_form(each.method(), each.since()), each.method());
        }
        return items;
    }

    /** @param value empty: what is chosen where nobody chose */
    public static FormValidation check(String value, String cluster) {
        String method = Texts.orNull(value) == null ? StatementForm.CHOSEN.method() : value.trim();
        return StatementForm.named(method)
                .map(form -> ExtensionList.lookupSingleton(FormAdvice.class).of(Texts.orEmpty(cluster).trim(), form))
                .orElseGet(() -> Checks.form(method, text -> Checks.choice(text, StatementForm.methods(), "form")));
    }
}
