// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TeleportVersionTest {
    private static TeleportVersion version(String text) {
        return TeleportVersion.parse(text).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "11.9.9, ''", "12.3.9, ''", "12.4.0, kubernetes", "13.3.9, ''", "13.4.0, kubernetes", "14.0.0, kubernetes",
        "15.0.0-dev, kubernetes", "16.4.17, kubernetes", "16.4.18, kubernetes gitlab", "17.3.9, kubernetes",
        "17.4.0, kubernetes gitlab", "18.0.0, kubernetes gitlab", "18.11.0, kubernetes gitlab generic_oidc",
        "20.0.0-alpha.1+x, kubernetes gitlab generic_oidc",
    })
    void a_cluster_takes_the_forms_of_its_version(String text, String forms) {
        assertEquals(forms, String.join(" ", StatementForm.takenBy(version(text)).stream().map(StatementForm::method).toList()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "unknown", "16.", "16.x", "-1.0.0", "99999.0.0", "16.2.0<script>", "16.2.0.1", "16.2.0 x"})
    void what_is_no_version_is_none(String text) {
        assertTrue(TeleportVersion.parse(text).isEmpty(), text);
    }

    @Test
    void nothing_of_what_follows_the_numbers_is_kept() {
        assertEquals("16.2.0", version("v16.2.0-dev.<b>").toString());
        assertEquals(List.of("15.0.0", "15.1.0"), List.of(version("15").toString(), version("15.1").toString()));
        assertTrue(version("16.2.0").isAtLeast(16, 2) && !version("16.1.9").isAtLeast(16, 2));
    }
}
