// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.credential;

import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.machineid.Messages;
import io.jenkins.plugins.machineid.field.Checks;
import io.jenkins.plugins.machineid.field.Texts;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A form's field with the id of a credential. Providers are asked for names alone, and a bounded time. */
public final class CredentialField {
    private static final Logger LOGGER = Logger.getLogger(CredentialField.class.getName());
    /** A person waits. */
    private static final Lookups<Map<String, String>> LISTS = new Lookups<>("credentials", 6, 10, TimeUnit.SECONDS);

    private CredentialField() {}

    /** Whether the person may see, by what the Credentials plugin asks, which credentials there are. */
    public static boolean maySee() {
        return Credentials.THERE && CredentialStore.maySee();
    }

    /**
     * The choices of the field.
     *
     * @param current what stands there; may be empty. It stays a choice, whether there is such a credential or not
     * @param maySee false: only what stands there
     */
    public static ListBoxModel choices(String current, boolean maySee) {
        Map<String, String> names = maySee && Credentials.THERE ? names() : null;
        ListBoxModel items = new ListBoxModel();
        items.add(Messages.Credential_none(), "");
        if (names != null) {
            // A name is often the description alone, which several have.
            names.forEach((id, name) -> items.add(name.contains(id) ? name : name + " (" + id + ")", id));
        }
        String id = Texts.orNull(current);
        if (id != null && (names == null || !names.containsKey(id))) {
            items.add(id, id);
        }
        return items;
    }

    /**
     * Whether there is such a credential.
     *
     * @param maySee false: that isn't told
     */
    public static FormValidation check(String value, boolean maySee) {
        String id = Texts.orNull(value);
        FormValidation form = Checks.formOptional(id, Checks::credential);
        if (id == null || form.kind != FormValidation.Kind.OK || !maySee) {
            return form;
        }
        if (!Credentials.THERE) {
            return FormValidation.error(Messages.Credential_plugin(id));
        }
        Map<String, String> names = names();
        if (names == null) {
            return FormValidation.warning(Messages.Credential_unlisted());
        }
        return names.containsKey(id) ? form : FormValidation.error(Messages.Credential_gone(id));
    }

    /** Null when the providers don't say. */
    private static Map<String, String> names() {
        try {
            return LISTS.ask("all", CredentialStore::names);
        } catch (TimeoutException e) {
            return null;
        } catch (ExecutionException e) {
            LOGGER.log(Level.FINE, () -> "credentials can't be listed: " + CredentialTrouble.places(e.getCause()));
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
