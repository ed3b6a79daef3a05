// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({"30m, 1800", "1h, 3600", "1h30m, 5400", "90s, 90", "1d, 86400", "' 2h ', 7200", "7d, 604800"})
    void units_add_up(String text, long seconds) {
        assertEquals(seconds, Durations.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "h", "30", "30 m", "-30m", "1m1h", "1.5h", "59s", "8d", "999999d", "9999999h", "٣٠m"})
    void what_is_no_duration_or_out_of_range_is_refused_with_the_text(String text) {
        String sentence = assertThrows(IllegalArgumentException.class, () -> Durations.parse(text)).getMessage();
        assertTrue(sentence.contains("'" + text + "'"), sentence);
    }

    @Test
    void text_is_what_parse_reads() {
        for (long seconds : new long[] {60, 90, 3600, 5400, 86399, 604800}) {
            assertEquals(seconds, Durations.parse(Durations.text(seconds)));
        }
    }
}
