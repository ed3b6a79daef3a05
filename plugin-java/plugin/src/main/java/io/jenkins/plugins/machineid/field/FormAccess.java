// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import hudson.model.Computer;
import hudson.model.Item;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import java.util.List;
import java.util.function.Supplier;
import jenkins.model.Jenkins;

/**
 * Who is answered by a form: the one door of each method that checks, fills or tests. Whoever may only look at the form
 * (Overall/SystemRead, Item/ExtendedRead) learns nothing from it and sees nothing of it: Jenkins would put the whole page
 * of a refusal into the form.
 */
public final class FormAccess {
    private static final FormAccess GRANTED = new FormAccess(true);
    private static final FormAccess REFUSED = new FormAccess(false);

    private final boolean granted;

    private FormAccess(boolean granted) {
        this.granted = granted;
    }

    private static FormAccess of(boolean granted) {
        return granted ? GRANTED : REFUSED;
    }

    /** For what is the same in each Jenkins. */
    public static FormAccess everyone() {
        return GRANTED;
    }

    public static FormAccess administrator() {
        return of(Jenkins.get().hasPermission(Jenkins.ADMINISTER));
    }

    /** @param item a job or a folder whose page it is; null: none, so that only an administrator is answered */
    public static FormAccess configurer(Item item) {
        return item == null ? administrator() : of(item.hasPermission(Item.CONFIGURE));
    }

    /** @param computer the agent whose page it is; null: one that is being made */
    public static FormAccess configurer(Computer computer) {
        Jenkins jenkins = Jenkins.get();
        // Who may make agents is told nothing of one that somebody else has made.
        return of(computer != null
                ? computer.hasPermission(Computer.CONFIGURE)
                : jenkins.hasPermission(Computer.CREATE) || jenkins.hasPermission(Computer.CONFIGURE));
    }

    /** What a check says: nothing to those who may not ask. */
    public FormValidation check(Supplier<FormValidation> rule) {
        return granted ? rule.get() : FormValidation.ok();
    }

    /**
     * What there is to choose: to those who may not ask only what stands there.
     *
     * @param none what choosing nothing means
     * @param current what stands there; may be empty
     */
    public ListBoxModel fill(String none, String current, Supplier<ListBoxModel> choices) {
        return granted ? choices.get() : Choices.of(none, List.of(), current);
    }

    /** What is the same for all. */
    public static ListBoxModel fill(Supplier<ListBoxModel> choices) {
        return choices.get();
    }

    /** What a button does: it says so to those who may not press it. */
    public FormValidation test(Supplier<FormValidation> action) {
        return granted ? action.get() : FormValidation.warning(Messages.Form_notYours());
    }
}
