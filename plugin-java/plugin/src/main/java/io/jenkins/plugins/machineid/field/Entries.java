// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import io.jenkins.plugins.machineid.Messages;
import java.util.ArrayList;
import java.util.List;
import net.sf.json.JSONArray;
import net.sf.json.JSONObject;
import org.kohsuke.stapler.StaplerRequest2;

/** A repeatable list of a form, bound entry by entry, so that a fault says which one it is in. */
public final class Entries {
    private Entries() {}

    /**
     * @param json what the form sent for the list: an array, one entry alone, or nothing
     * @param kind what the reader calls an entry
     * @param name the field that an entry is known by; null: none
     */
    public static <T> List<T> bind(StaplerRequest2 req, Class<T> type, Object json, String kind, String name) {
        List<T> bound = new ArrayList<>();
        for (Object each : json instanceof JSONArray list ? list : json instanceof JSONObject ? List.of(json) : List.of()) {
            JSONObject entry = (JSONObject) each;
            String known = name == null ? null : Texts.orNull(entry.optString(name));
            int number = bound.size() + 1;
            String place = known == null ? Messages.Form_entryNew(kind, number) : Messages.Form_entry(kind, number, known);
            bound.add(FormFault.entry(place, () -> req.bindJSONToList(type, entry).get(0)));
        }
        return bound;
    }
}
