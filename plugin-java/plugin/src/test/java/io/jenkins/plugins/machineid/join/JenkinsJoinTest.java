// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.join;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.util.Secret;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The method that only Jenkins knows: what is stated, for whom, and that no agent has a say in it. */
class JenkinsJoinTest {
    private static JenkinsJoin named() {
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        return join;
    }

    @Test
    void the_statement_is_the_forms_and_the_library_is_told_its_method() {
        for (StatementForm form : StatementForm.values()) {
            JenkinsJoin join = named();
            join.setForm(form.method());
            join.check();
            assertEquals(Optional.of(form), join.statement());
            assertEquals(
                    Map.of("method", form.method(), "token", "jenkins-api", "settings", Map.of("given", true)),
                    join.request(null, null));
        }
        assertEquals(Optional.of(StatementForm.KUBERNETES), named().statement());
        assertEquals(Optional.empty(), new KubernetesJoin().statement());
        assertEquals(Optional.empty(), new TokenJoin().statement());
    }

    @Test
    void it_is_for_the_cluster_unless_something_else_is_set() {
        JenkinsJoin join = named();
        assertEquals("teleport.example.com", join.statedFor("teleport.example.com"));
        join.setAudience(" example.com ");
        assertEquals("example.com", join.statedFor("teleport.example.com"));
        assertThrows(IllegalStateException.class, () -> new IamJoin().statedFor("teleport.example.com"));
    }

    @Test
    void an_agent_has_no_say_in_it() {
        JenkinsJoin join = named();
        assertFalse(join.keepsSecret());
        assertEquals(join.request(null, null), join.request(Secret.fromString("mine"), "/etc/other"));
        assertFalse(join.request(null, "/etc/other").containsKey("token_file"));
    }

    @Test
    void what_cannot_be_is_refused_with_a_sentence() {
        refused(new JenkinsJoin()::check, "name of a token resource");
        refused(() -> named().setForm("github"), "choose one of");
        refused(() -> named().setForm("jenkins"), "choose one of");
        refused(() -> named().setAudience("a\u0000b"), "control characters");
        refused(() -> named().setTokenName("a b"), "printable");
    }

    private static void refused(org.junit.jupiter.api.function.Executable what, String words) {
        String sentence = assertThrows(IllegalArgumentException.class, what).getMessage();
        assertTrue(sentence.contains(words), sentence);
    }
}
