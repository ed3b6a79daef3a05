// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IssuerConfigurationTest {
    private final IssuerConfiguration configuration = new IssuerConfiguration();

    @Test
    void keys_stay_until_somebody_wants_them_changed() {
        assertFalse(configuration.schedule().on());
        configuration.setAnnounceDays(7);
        assertFalse(configuration.schedule().on());
    }

    @Test
    void the_schedule() {
        configuration.setRotateAfterDays(90);
        assertEquals(RotationSchedule.ofDays(90, 14), configuration.schedule());
        configuration.setAnnounceDays(14);
        assertNull(configuration.getAnnounceDays(), "defaults are not saved");
        configuration.setAnnounceDays(30);
        assertEquals(Duration.ofDays(30), configuration.schedule().announce());
        configuration.setRotateAfterDays(null);
        assertFalse(configuration.schedule().on());
    }

    @Test
    void odd_numbers_are_refused_and_change_nothing() {
        configuration.setRotateAfterDays(90);
        for (int wrong : new int[] {-1, 0, 1, 3651, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            IllegalArgumentException failure = assertThrows(
                    IllegalArgumentException.class, () -> configuration.setRotateAfterDays(wrong));
            assertTrue(failure.getMessage().contains("rotateAfterDays"), failure.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> configuration.setAnnounceDays(0));
        assertEquals(90, configuration.getRotateAfterDays());
    }

    /** What is saved and exported are these, so no key is. */
    @Test
    void its_fields_are_two_numbers() {
        assertEquals(
                List.of("announceDays", "rotateAfterDays"),
                Stream.of(IssuerConfiguration.class.getDeclaredFields())
                        .filter(field -> !Modifier.isStatic(field.getModifiers()))
                        .map(Field::getName)
                        .sorted()
                        .toList());
    }
}
