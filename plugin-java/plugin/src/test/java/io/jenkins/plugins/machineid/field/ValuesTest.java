// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.field;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** The forms refuse what the library refuses: {@code contract/values.json}, which the library's own tests read, too. */
class ValuesTest {
    private static final Path FILE = Path.of(System.getProperty("machineid.contract", "../../contract"), "values.json");

    private static final Map<String, Checks.Rule> RULES = Map.ofEntries(
            Map.entry("address", Checks::address),
            Map.entry("ca_pem", Checks::certificate),
            Map.entry("ca_pin", Checks::pins),
            Map.entry("identity_id", Checks::id),
            Map.entry("lifetime_seconds", text -> Checks.ttl(text + "s")),
            Map.entry("max_ttl_seconds", text -> Checks.ttl(text + "s")),
            Map.entry("name", Checks::resource),
            Map.entry("reader", text -> Checks.readers(List.of(text))),
            Map.entry("renewal_interval_seconds", text -> Checks.interval(text + "s", "1h")),
            Map.entry("role", Checks::roles),
            Map.entry("token_file", Checks::absolutePath),
            Map.entry("ttl_seconds", text -> Checks.ttl(text + "s")));

    private static String text(Object value) {
        return value instanceof JSONObject made
                ? made.getString("repeat").repeat(made.getInt("times"))
                : String.valueOf(value);
    }

    @Test
    void each_value_is_taken_and_refused_as_the_library_does() throws IOException {
        JSONObject all = new JSONObject(Files.readString(FILE));
        Set<String> rules = new TreeSet<>(all.keySet());
        // No form has a lease's id.
        rules.remove("lease");
        assertEquals(new TreeSet<>(RULES.keySet()), rules);
        RULES.forEach((name, rule) -> {
            for (Object value : all.getJSONObject(name).getJSONArray("taken")) {
                assertDoesNotThrow(() -> rule.check(text(value)), () -> name + " takes " + value);
            }
            for (Object value : all.getJSONObject(name).getJSONArray("refused")) {
                assertThrows(
                        IllegalArgumentException.class, () -> rule.check(text(value)), () -> name + " refuses " + value);
            }
        });
    }
}
