// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.util.List;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** From what is configured to what is shown. */
class IdentitySetupTest {
    private static final String JWKS = "{\"keys\":[]}";

    @AfterEach
    void nothing() {
        configure(List.of(), List.of());
    }

    private static Settings configure(List<Cluster> clusters, List<Identity> identities) {
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(clusters);
        MachineIdConfiguration.get().setIdentities(identities);
        return MachineIdConfiguration.get().settings();
    }

    private static Identity identity(JoinMethod join) {
        Identity identity = new Identity("api", "prod");
        identity.setJoin(join);
        identity.setAllowedJobs(List.of("team-a/**", "tool"));
        return identity;
    }

    private static JenkinsJoin signed(String form) {
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        join.setForm(form);
        return join;
    }

    private static IdentitySetup setup(JoinMethod join) {
        Settings settings = configure(List.of(new Cluster("prod", "teleport.example.com:443")), List.of(identity(join)));
        Plans plans = new Plans(settings, () -> JWKS, List.of("team-b/app", "team-a/b/c", "team-a/app", "tool"), List.of());
        return IdentitySetup.of(plans, settings.identities().get(0));
    }

    @Test
    void kubernetes_is_told_the_jobs_that_the_policy_allows_and_there_are() {
        IdentitySetup setup = setup(signed("kubernetes"));
        assertNull(setup.getFault());
        List<String> rules = setup.getYaml().lines().filter(line -> line.contains("service_account")).toList();
        assertEquals(3, rules.size(), setup.getYaml());
        assertTrue(setup.getYaml().contains("\"-:tool@") && setup.getYaml().contains("\"team-a/b:c@"), setup.getYaml());
        assertTrue(!setup.getYaml().contains("team-b"), setup.getYaml());
        assertEquals(List.of("jenkins-api (cluster prod)"), Plans.keyHolders(MachineIdConfiguration.get().settings()));
        assertEquals(5, setup.getTexts().size());
        assertEquals("kubernetes", setup.getForm());
        assertTrue(setup.getWire().contains("12.4, 13.4 or 14"), setup.getWire());
    }

    @Test
    void oidc_is_told_the_issuer_and_the_audience_that_the_statement_has() {
        IdentitySetup setup = setup(signed("generic_oidc"));
        assertTrue(setup.getYaml().contains("audience: \"teleport.example.com\""), setup.getYaml());
        assertTrue(setup.getYaml().contains("issuer: \"https://ci.example.com/"), setup.getYaml());
        assertTrue(setup.getTerraform().contains("issuer = \"https://ci.example.com/"), setup.getTerraform());
    }

    @Test
    void what_is_wrong_is_said_and_nothing_half_is_shown() {
        Settings settings = configure(List.of(), List.of(identity(signed("gitlab"))));
        IdentitySetup lost = IdentitySetup.of(new Plans(settings, () -> JWKS, List.of(), List.of()), settings.identities().get(0));
        assertTrue(lost.getFault().contains("prod"), lost.getFault());
        assertEquals(List.of(), lost.getTexts());
        settings = configure(List.of(new Cluster("prod", "t.example.com")), List.of(identity(signed("gitlab"))));
        Plans broken = new Plans(settings, () -> {
            throw new IllegalStateException("the keys are gone");
        }, List.of(), List.of());
        assertEquals("the keys are gone", IdentitySetup.of(broken, settings.identities().get(0)).getFault());
    }

    @Test
    void a_token_is_made_by_commands_and_no_secret_is_shown() {
        TokenJoin join = new TokenJoin();
        join.setToken(hudson.util.Secret.fromString("the-token"));
        IdentitySetup setup = setup(join);
        assertEquals("", setup.getYaml());
        assertNull(setup.getForm());
        assertNull(setup.getWire());
        assertTrue(setup.getCommands().contains("tctl bots add api --roles=api"), setup.getCommands());
        assertTrue(setup.getTexts().stream().noneMatch(text -> text.getText().contains("the-token")));
        assertEquals(List.of(), Plans.keyHolders(MachineIdConfiguration.get().settings()));
    }

    /** Else the resources are made, and the first block fails. */
    @Test
    void each_form_needs_an_address_of_jenkins() {
        Jenkins.get().rootUrl = null;
        try {
            for (String form : List.of("kubernetes", "gitlab", "generic_oidc")) {
                assertTrue(setup(signed(form)).getFault().contains("[issuer_address]"), form);
            }
        } finally {
            Jenkins.get().rootUrl = "https://ci.example.com/";
        }
    }

    @Test
    void a_version_that_nobody_saw_is_said_to_be_unknown() {
        IdentitySetup setup = setup(signed("gitlab"));
        assertNull(setup.getVersion());
        assertNull(setup.getWarning());
        assertTrue(setup.getSeen().contains("isn't known yet"), setup.getSeen());
    }

    @Test
    void jobs_to_be_tried_are_those_that_have_a_name() {
        assertEquals(List.of("tool"), setup(signed("gitlab")).getTrialJobs());
        assertEquals(List.of("tool", "team-a/b/c", "team-a/app"), setup(signed("kubernetes")).getTrialJobs());
        assertTrue(setup(signed("gitlab")).isTrial());
        assertTrue(!setup(new TokenJoin()).isTrial());
    }

    @Test
    void an_agent_is_chosen_where_anybody_may_have_made_it() {
        assertTrue(setup(signed("gitlab")).getNoAgent().contains("the first"));
        Identity any = identity(signed("gitlab"));
        any.setAgentsBy("any");
        Settings settings = configure(List.of(new Cluster("prod", "teleport.example.com:443")), List.of(any));
        Plans plans = new Plans(settings, () -> JWKS, List.of(), List.of());
        String none = IdentitySetup.of(plans, settings.identities().get(0)).getNoAgent();
        assertTrue(none.contains("choose one that you trust"), none);
    }

    @Test
    void what_cannot_be_tried_says_why() {
        JenkinsJoin agents = signed("gitlab");
        agents.setScope("agent");
        IdentitySetup setup = setup(agents);
        assertTrue(!setup.isTrial());
        assertTrue(setup.getUntried().contains("standing destination"), setup.getUntried());
        assertTrue(setup(new TokenJoin()).getUntried().contains("use a token up"), setup(new TokenJoin()).getUntried());
    }
}
