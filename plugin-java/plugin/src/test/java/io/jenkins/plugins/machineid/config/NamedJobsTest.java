// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.cloudbees.hudson.plugins.folder.FakeFolder;
import hudson.model.FakeRun;
import hudson.util.FormValidation;
import hudson.util.FormValidation.Kind;
import java.util.List;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a field of allowed jobs says of names that are nobody's. */
class NamedJobsTest {
    @BeforeEach
    void jobs() {
        Jenkins.get().jobs = List.of(
                new FakeRun("team-a/app", "app#1").getParent(), new FakeFolder(Jenkins.get(), "team-a/many"));
    }

    @AfterEach
    void none() {
        Jenkins.get().jobs = List.of();
    }

    @Test
    void a_name_that_no_job_has_is_a_warning() {
        for (String fine : List.of("", "team-a/app", "team-a/*", "**", "team-b/**\n team-a/app ")) {
            assertEquals(Kind.OK, NamedJobs.check(fine, "").kind, fine);
        }
        FormValidation told = NamedJobs.check("team-a/app\nteam-a/ap\nteam-b/*", "");
        assertEquals(Kind.WARNING, told.kind);
        assertTrue(told.getMessage().contains("'team-a/ap' ") && !told.getMessage().contains("team-b"), told.getMessage());
    }

    @Test
    void a_folder_is_no_job() {
        FormValidation told = NamedJobs.check("team-a/many", "");
        assertEquals(Kind.WARNING, told.kind);
        assertTrue(told.getMessage().contains("'team-a/many' are folders"), told.getMessage());
    }

    @Test
    void names_are_seen_from_the_folder() {
        assertEquals(Kind.OK, NamedJobs.check("app", "team-a").kind);
        assertEquals(Kind.WARNING, NamedJobs.check("team-a/app", "team-a").kind);
    }

    @Test
    void what_can_not_match_stays_an_error_and_many_names_stay_short() {
        assertEquals(Kind.ERROR, NamedJobs.check("/team-a/app", "").kind);
        StringBuilder many = new StringBuilder();
        for (int n = 0; n < 1000; n++) {
            many.append("job-").append(n).append('\n');
        }
        String told = NamedJobs.check(many.toString(), "").getMessage();
        assertTrue(told.contains("'job-4', …"), told);
        assertFalse(told.contains("job-5"), told);
    }
}
