// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.ExtensionList;
import hudson.util.FormValidation;
import io.jenkins.plugins.machineid.join.GenericOidcJoin;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.join.NamedTokenJoin;
import io.jenkins.plugins.machineid.join.TokenUse;
import java.util.List;
import java.util.Set;
import jenkins.model.Jenkins;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two identities that this Jenkins signs for have no token resource in common. */
class SignedTokensTest {
    private static final List<Cluster> CLUSTERS = List.of(
            new Cluster("prod", "prod.example.com"),
            new Cluster("staging", "staging.example.com"),
            new Cluster("again", "prod.example.com"));

    @AfterEach
    void forget() {
        Jenkins.get().granted = null;
        MachineIdConfiguration.get().replace(List.of(), List.of());
    }

    private static Identity identity(String id, String cluster, NamedTokenJoin join) {
        join.setTokenName("jenkins-api");
        Identity identity = new Identity(id, cluster);
        identity.setJoin(join);
        return identity;
    }

    private static void save(Identity... identities) {
        MachineIdConfiguration.get().replace(CLUSTERS, List.of(identities));
    }

    private static void refused(Identity... identities) {
        String told = assertThrows(IllegalArgumentException.class, () -> save(identities)).getMessage();
        assertTrue(told.contains("'jenkins-api' of this cluster is already the one of identity"), told);
    }

    @Test
    void saving_refuses_two_of_one_cluster() {
        refused(identity("a", "prod", new JenkinsJoin()), identity("b", "prod", new JenkinsJoin()));
        refused(identity("a", "prod", new JenkinsJoin()), identity("b", "again", new JenkinsJoin()));
        JenkinsJoin agents = new JenkinsJoin();
        agents.setScope("agent");
        Identity named = identity("b", "prod", agents);
        named.setAllowedAgents(List.of("a1"));
        refused(identity("a", "prod", new JenkinsJoin()), named);
        save(identity("a", "prod", new JenkinsJoin()), identity("b", "staging", new JenkinsJoin()));
        assertEquals(2, MachineIdConfiguration.get().getIdentities().size());
        // What others create is theirs to know.
        GenericOidcJoin other = new GenericOidcJoin();
        other.setCommand(List.of("/bin/id-token"));
        save(identity("a", "prod", new JenkinsJoin()), identity("b", "prod", other));
    }

    @Test
    void the_form_warns_where_it_is_typed() {
        ExtensionList.set(TokenUse.class, new SignedTokens());
        save(identity("a", "prod", new JenkinsJoin()));
        JenkinsJoin.DescriptorImpl form = new JenkinsJoin.DescriptorImpl();
        Jenkins.get().granted = Set.of(Jenkins.ADMINISTER);
        FormValidation told = form.doCheckTokenName("jenkins-api", "prod", "b");
        assertEquals(FormValidation.Kind.WARNING, told.kind);
        assertTrue(told.getMessage().contains("identity 'a'"), told.getMessage());
        assertEquals(FormValidation.Kind.OK, form.doCheckTokenName("jenkins-api", "prod", "a").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckTokenName("jenkins-api", "staging", "b").kind);
        assertEquals(FormValidation.Kind.OK, form.doCheckTokenName("", null, null).kind);
        assertEquals(FormValidation.Kind.ERROR, form.doCheckTokenName("a b", "prod", "b").kind);
        Jenkins.get().granted = Set.of();
        assertEquals(FormValidation.Kind.OK, form.doCheckTokenName("jenkins-api", "prod", "b").kind);
    }
}
