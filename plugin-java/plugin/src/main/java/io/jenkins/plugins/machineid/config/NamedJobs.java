// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import hudson.model.Item;
import hudson.model.Job;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.Jenkins;

/** A field with patterns of jobs: a name without a star that is nobody's is a slip more often than a plan. */
public final class NamedJobs {
    /** Each is looked up. */
    private static final int MOST = 100;
    /** As many are named. */
    private static final int MOST_NAMED = 5;

    private NamedJobs() {}

    /** @param folder full name of the one that the names are seen from; empty: none. The person sees what they may see anyway */
    public static FormValidation check(String value, String folder) {
        FormValidation form = Checks.formOptional(value, Checks::jobs);
        if (form.kind != FormValidation.Kind.OK) {
            return form;
        }
        List<String> unknown = new ArrayList<>();
        List<String> folders = new ArrayList<>();
        for (String name : Texts.orEmpty(Texts.lines(List.of(Texts.orEmpty(value)))).stream().limit(MOST).toList()) {
            if (name.indexOf('*') < 0) {
                Item item = item(folder.isEmpty() ? name : folder + "/" + name);
                if (item == null) {
                    unknown.add(name);
                } else if (!(item instanceof Job)) {
                    folders.add(name);
                }
            }
        }
        if (!unknown.isEmpty()) {
            return FormValidation.warning(Messages.Check_jobsUnknown(shown(unknown)));
        }
        return folders.isEmpty() ? form : FormValidation.warning(Messages.Check_jobsFolders(shown(folders)));
    }

    private static String shown(List<String> names) {
        String some = String.join(", ", names.subList(0, Math.min(names.size(), MOST_NAMED)).stream().map(name -> "'" + name + "'").toList());
        return names.size() > MOST_NAMED ? some + ", …" : some;
    }

    private static Item item(String name) {
        try {
            Item item = Jenkins.get().getItemByFullName(name, Item.class);
            // Jenkins finds jobs in any case; the policy and clusters compare letter by letter.
            return item == null || item.getFullName().equals(name) ? item : null;
        } catch (RuntimeException e) {
            // The person may know that there is one, and not see it.
            return null;
        }
    }
}
