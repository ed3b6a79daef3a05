// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobPatternTest {
    @ParameterizedTest
    @CsvSource({
        "team-a/**, team-a/app, true",
        "team-a/**, team-a/app/main, true",
        "team-a/**, team-a, false",
        "team-a/**, team-ab/app, false",
        "team-a/**, x/team-a/app, false",
        "team-a/*, team-a/app, true",
        "team-a/*, team-a/app/main, false",
        "*, app, true",
        "*, team/app, false",
        "**, team/app/main, true",
        "**/deploy, deploy, true",
        "**/deploy, a/b/deploy, true",
        "**/deploy, a/undeploy, false",
        "a/**/z, a/z, true",
        "a/**/z, a/b/c/z, true",
        "a/**/z, abz, false",
        "rel-*, rel-1.2, true",
        "rel-*, rel-1/2, false",
        "a.b, a.b, true",
        "a.b, axb, false",
        "'', app, false",
        "App, app, false",
        "a(b)[c]\\Q, a(b)[c]\\Q, true",
    })
    void stars_stand_for_what_the_help_says(String pattern, String job, boolean expected) {
        assertEquals(expected, new JobPattern(pattern).matches(job));
    }

    @ParameterizedTest
    @CsvSource({"**, 'a\nb', true", "*, 'a\nb', true", "team/*, 'team/a\n', true"})
    void a_line_end_in_a_name_is_an_ordinary_character(String pattern, String job, boolean expected) {
        assertEquals(expected, new JobPattern(pattern).matches(job));
    }
}
