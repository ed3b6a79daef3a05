// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.AbortException;
import io.jenkins.plugins.machineid.access.NodeFacts;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** Ways to have an identity's token sent to an agent that is not to have it. */
class TokenAttackTest {
    private final Cluster cluster = new Cluster("main", "teleport.example.com");

    private static Identity identity() {
        Identity identity = new Identity("api", "main");
        TokenJoin join = new TokenJoin();
        join.setTokenFile("/etc/the-token");
        identity.setJoin(join);
        identity.setAllowedAgents(List.of("a1"));
        identity.setAllowedJobs(List.of("**"));
        return identity;
    }

    private static NodeFacts agent(String name, boolean vouched, List<String> identities) {
        return new NodeFacts(name, name, false, vouched, label -> true, true, true, identities, "");
    }

    private Settings settings() {
        MachineIdConfiguration configuration = new MachineIdConfiguration();
        configuration.setClusters(List.of(cluster));
        configuration.setIdentities(List.of(identity()));
        return configuration.settings();
    }

    /** An administrator presses Test connection while somebody else's agent is the only one, or answers first. */
    @Test
    void a02ATestsRequestHoldsNothingOfASecret() {
        for (String method : List.of("token", "kubernetes", "github", "bitbucket")) {
            try (EngineConfig config = EngineConfig.check(cluster, "api", method)) {
                JSONObject sent = new JSONObject(new String(config.bytes(), StandardCharsets.UTF_8));
                assertEquals(Set.of("abi", "identities"), sent.keySet());
                JSONObject entry = sent.getJSONArray("identities").getJSONObject(0);
                assertEquals(Set.of("id", "cluster", "join"), entry.keySet());
                assertEquals(Set.of("method"), entry.getJSONObject("join").keySet());
            }
        }
    }

    @Test
    void a02ATestRunsOnlyOnAnAgentThatTheIdentityAllows() {
        assertTrue(ConnectionTest.allows(identity(), agent("a1", true, List.of("api"))));
        assertFalse(ConnectionTest.allows(identity(), agent("mine", true, List.of("api"))));
        assertFalse(ConnectionTest.allows(identity(), agent("a1", false, List.of("api"))));
        assertFalse(ConnectionTest.mayTry(List.of(identity())).test(agent("mine", true, List.of("api"))));
        assertTrue(ConnectionTest.mayTry(List.of()).test(agent("mine", true, List.of())));
    }

    /** Whatever path asks for a configuration with a token, the agent is looked at where the token is put in. */
    @Test
    void a05ATokenIsNotSentToAnAgentThatTheIdentityDoesNotName() throws Exception {
        Settings settings = settings();
        Binding own = new Binding("api");
        own.setTokenFile("/home/me/token");
        for (Binding binding : new Binding[] {null, new Binding("api"), own}) {
            AbortException refused = assertThrows(AbortException.class, () -> NodeLookup.engineConfig(
                    settings, agent("mine", true, List.of("api")), "api", binding));
            assertTrue(refused.getMessage().contains("[policy_node]"), refused.getMessage());
            assertThrows(AbortException.class, () -> NodeLookup.engineConfig(
                    settings, agent("a1", false, List.of("api")), "api", binding));
            assertThrows(AbortException.class, () -> NodeLookup.engineConfig(
                    settings, agent("a1", true, List.of("other")), "api", binding));
        }
        try (EngineConfig config =
                NodeLookup.engineConfig(settings, agent("a1", true, List.of("api")), "api", null)) {
            assertTrue(new String(config.bytes(), StandardCharsets.UTF_8).contains("the-token"));
        }
    }
}
