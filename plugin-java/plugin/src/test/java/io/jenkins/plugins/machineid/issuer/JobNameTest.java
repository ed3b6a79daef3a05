// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A rule names a job by its subject: were two jobs to meet there, one could become the other's bot. */
class JobNameTest {
    private static final String[] PIECES = {
        "", "-", "--", "a", "b", ":", "%", "%3A", "%25", "%2D", "%2F", "/", " ", "\u00e4", "a\u0308", "A", "build", "1",
        "\ud800", "\udc00", "\ud83d\ude00", "?", "%uD800", "#", "*", "\n", "\u0000", "job", "system"
    };

    private final Map<String, JobName> seen = new HashMap<>();

    private void nobodyElse(String form, String subject, JobName job) {
        // As on the wire, where what is no character becomes a question mark.
        String sent = form + new String(subject.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        JobName other = seen.put(sent, job);
        if (other != null) {
            assertEquals(other, job, sent);
        }
    }

    private void check(JobName job) {
        nobodyElse("k ", job.serviceAccount("api"), job);
        nobodyElse("p ", job.path(), job);
        nobodyElse("g ", "job:" + job.path() + ":build:1", job);
        assertEquals(2, job.serviceAccount("api").split(":", -1).length, "a rule is split at its colon: " + job);
        assertFalse(job.path().contains(":"), job.toString());
        assertFalse(job.namespace().isEmpty(), job.toString());
    }

    @Test
    void no_two_jobs_have_the_same_subject() {
        for (String a : PIECES) {
            for (String b : PIECES) {
                for (String c : PIECES) {
                    check(new JobName(a + b, c));
                    check(new JobName(a, b + c));
                    check(new JobName(a + "/" + b, c));
                }
            }
        }
        Random random = new Random(12);
        for (int round = 0; round < 20_000; round++) {
            check(new JobName(any(random), any(random)));
        }
        assertFalse(seen.size() < 50_000, seen.size() + " subjects");
    }

    private static String any(Random random) {
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(5); left > 0; left--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    @Test
    void a_full_name_is_split_at_its_last_slash() {
        assertEquals(new JobName("team/app", "deploy"), JobName.of("team/app/deploy"));
        assertEquals(new JobName("", "deploy"), JobName.of("deploy"));
    }

    @Test
    void usual_names_stay_readable() {
        assertEquals("team/app:deploy #1@api", JobName.of("team/app/deploy #1").serviceAccount("api"));
        assertEquals("-:deploy@api", JobName.of("deploy").serviceAccount("api"));
        assertEquals("%2D:deploy@api", JobName.of("-/deploy").serviceAccount("api"));
        assertEquals("team/app:feature%252Flogin@api", JobName.of("team/app/feature%2Flogin").serviceAccount("api"));
        assertEquals("a%3Ab:\u00fcber@api", JobName.of("a:b/\u00fcber").serviceAccount("api"));
    }
}
