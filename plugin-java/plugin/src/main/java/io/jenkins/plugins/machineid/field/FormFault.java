// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import io.jenkins.plugins.machineid.Messages;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What is wrong with a form, and where: Jenkins shows one sentence on a page of its own, so the sentence has to name section,
 * entry and field. The message leaves the field out: in YAML and Pipeline it has another name.
 */
public final class FormFault extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;
    private static final int DEEPEST = 20;

    private final ArrayList<String> place;
    private final String sentence;

    private FormFault(String message, List<String> place, String sentence) {
        super(message);
        this.place = new ArrayList<>(place);
        this.sentence = sentence;
    }

    /**
     * Asks the rules of one field.
     *
     * @param form the class whose {@code config.jelly} has the field
     */
    public static void field(Class<?> form, String field, Runnable rules) {
        try {
            rules.run();
        } catch (IllegalArgumentException e) {
            String label = Messages.Form_field(Labels.of(form, field));
            throw new FormFault(e.getMessage(), List.of(label), e.getMessage());
        }
    }

    /** @param entry of a list, as the reader knows it */
    public static void entry(String entry, Runnable work) {
        entry(entry, () -> {
            work.run();
            return null;
        });
    }

    /** As above, with a result. */
    public static <T> T entry(String entry, Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException | LinkageError e) {
            FormFault inner = find(e);
            List<String> place = new ArrayList<>(List.of(entry));
            place.addAll(inner.place);
            throw new FormFault(Messages.Form_at(entry, inner.getMessage()), place, inner.sentence);
        }
    }

    /** What the page says on which a save of the section ends. */
    public static String page(String section, Throwable failure) {
        FormFault fault = find(failure);
        return Messages.Form_page(section, where(fault));
    }

    /** For the reader: where it is, and what. */
    public static String of(Throwable failure) {
        return where(find(failure));
    }

    private static String where(FormFault fault) {
        return fault.place.isEmpty()
                ? fault.sentence
                : Messages.Form_at(String.join(", ", fault.place), fault.sentence);
    }

    /** The outermost of ours below the wrappers of the form binding; it knows all those further in. */
    private static FormFault find(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < DEEPEST && cause != null; depth++) {
            if (cause instanceof FormFault fault) {
                return fault;
            }
            // A rule that belongs to no single field.
            if (cause instanceof IllegalArgumentException && cause.getCause() == null) {
                return plain(cause);
            }
            cause = cause.getCause();
        }
        return plain(failure);
    }

    private static FormFault plain(Throwable failure) {
        String text = String.valueOf(failure.getMessage());
        return new FormFault(text, List.of(), text);
    }
}
