// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.remoting.FakeChannel;
import hudson.util.FormValidation;
import hudson.util.FormValidation.Kind;
import io.jenkins.plugins.machineid.agent.AcquireTask;
import io.jenkins.plugins.machineid.agent.Answers;
import io.jenkins.plugins.machineid.agent.CheckTask;
import io.jenkins.plugins.machineid.agent.KeyTask;
import io.jenkins.plugins.machineid.agent.ReleaseTask;
import io.jenkins.plugins.machineid.config.Binding;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.JobGate;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.config.MachineIdNodeProperty;
import io.jenkins.plugins.machineid.config.Settings;
import io.jenkins.plugins.machineid.join.BoundKeypairJoin;
import io.jenkins.plugins.machineid.join.FormAdvice;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import io.jenkins.plugins.machineid.join.JoinMethod;
import io.jenkins.plugins.machineid.join.KubernetesJoin;
import io.jenkins.plugins.machineid.join.TokenJoin;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import jenkins.model.Jenkins;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A join that is tried for a job, without a build, also where somebody would like to have the statement. */
class JoinTrialAttackTest {
    private static final String JOB = "team-a/app";

    private final Answers.Box box = new Answers.Box();
    private final List<String> statements = new CopyOnWriteArrayList<>();
    private final List<String> held = new CopyOnWriteArrayList<>();
    private String version = "16.4.18";
    /** What the cluster calls itself. */
    private String named = "trial.example.com";
    private String refusal;
    private JSONObject certificate = certificate();
    private String directory = "removed";
    private final FakeChannel channel = new FakeChannel(this::answer);
    private final FakeAgent agent = new FakeAgent("a-trial", channel);
    private final FakeChannel foreignChannel = new FakeChannel(this::answer);
    private final FakeAgent foreign = new FakeAgent("z-foreign", foreignChannel);

    private static JSONObject certificate() {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        return Blocks.certificate().put("valid_until", now.plusSeconds(60).toString());
    }

    private Object answer(Object task) {
        if (task instanceof KeyTask) {
            return box.key();
        }
        if (task instanceof CheckTask) {
            return Answers.of(Blocks.ok(new JSONObject()
                    .put("cluster", named).put("server_version", version).put("address_kind", "proxy").put("trust", "pin")));
        }
        if (task instanceof AcquireTask acquire) {
            statements.add(box.statement(acquire));
            held.addAll(leases(acquire));
            return Answers.of(refusal != null ? refusal : Blocks.ok(Blocks.acquired(certificate)));
        }
        return Answers.of(Blocks.ok(new JSONObject().put("released", true).put("directory", directory)));
    }

    private static List<String> leases(AcquireTask task) {
        try {
            var field = AcquireTask.class.getDeclaredField("lease");
            field.setAccessible(true);
            return List.of((String) field.get(task)).stream().filter(TrialLease::holds).toList();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void configure() {
        agent.online = true;
        foreign.online = true;
        configure("names", signed("kubernetes"), JOB);
    }

    @AfterEach
    void delete() {
        Jenkins.get().granted = null;
        agent.delete();
        foreign.delete();
        Jenkins.get().jobs = List.of();
        set(List.of(), List.of());
    }

    private static JenkinsJoin signed(String form) {
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        join.setForm(form);
        return join;
    }

    private static void configure(String agentsBy, JoinMethod join, String... jobs) {
        Identity identity = new Identity("api", "trial");
        identity.setJoin(join);
        identity.setRoles(List.of(Blocks.ROLE));
        identity.setAllowedJobs(List.of(jobs));
        identity.setAllowedAgents(List.of("a-*"));
        identity.setAgentsBy(agentsBy);
        set(List.of(new Cluster("trial", "trial.example.com")), List.of(identity));
    }

    private static void set(List<Cluster> clusters, List<Identity> identities) {
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(clusters);
        MachineIdConfiguration.get().setIdentities(identities);
    }

    private static Tried run(String job, String agent) {
        return JoinTrial.run(MachineIdConfiguration.get().settings(), "api", job, agent, "manage/machine-id-setup/");
    }

    private static JSONObject claims(String statement) {
        return new JSONObject(new String(Base64.getUrlDecoder().decode(statement.split("\\.")[1]), StandardCharsets.UTF_8));
    }

    private static String text(Tried tried) {
        return String.join("\n", tried.lines());
    }

    private long sent(Class<?> task) {
        return new ArrayList<>(channel.tasks).stream().filter(task::isInstance).count();
    }

    @Test
    void what_came_of_it_is_told_and_given_back() {
        Tried tried = run(JOB, "");
        assertEquals(Kind.OK, tried.kind(), text(tried));
        for (String part : List.of("a-trial", "Teleport 16.4.18", "bot-api", JOB, Blocks.ROLE, "jenkins", "Everything was removed")) {
            assertTrue(text(tried).contains(part), part + " isn't in " + text(tried));
        }
        assertEquals(4, tried.lines().size(), text(tried));
        assertEquals(1, sent(ReleaseTask.class));
        assertEquals(0, foreignChannel.tasks.size());
        Cluster cluster = MachineIdConfiguration.get().cluster("trial");
        assertEquals("16.4.18", SeenServer.of(cluster).orElseThrow().version().toString());
        assertEquals("a-trial", SeenServer.of(cluster).orElseThrow().agent());
        // While it lasted no round of upkeep took it for nobody's, and afterwards each does.
        assertEquals(1, held.size());
        assertFalse(TrialLease.holds(held.get(0)));
    }

    @Test
    void the_statement_is_about_the_job_and_no_build() {
        configure("names", signed("generic_oidc"), JOB);
        run(JOB, "");
        JSONObject claims = claims(statements.get(0));
        JSONObject said = claims.getJSONObject("jenkins");
        assertEquals("trial.example.com", claims.getString("aud"));
        assertEquals(JOB, said.getString("job"));
        assertEquals(0, said.getInt("number"));
        assertEquals("trial", said.getString("cause"));
        assertEquals("", said.getString("started_by"));
        assertEquals("https://ci.example.com/manage/machine-id-setup/", said.getString("url"));
        assertEquals("a-trial", said.getString("node"));
        assertFalse(said.getBoolean("fork"));
    }

    @Test
    void a_refusal_is_explained_and_leaves_nothing() {
        named = "example.test";
        refusal = "{\"error\":{\"code\":\"join_rejected\",\"message\":\"no allow rule of token/NAME fits\",\"hint\":\"look there\",\"retry\":\"no\"}}";
        Tried tried = run(JOB, "");
        assertEquals(Kind.ERROR, tried.kind());
        for (String part : List.of("no allow rule of token/jenkins-api fits; look there [join_rejected]", JOB, "create it again",
                "'example.test', and what this Jenkins signs is for 'trial.example.com'")) {
            assertTrue(text(tried).contains(part), text(tried));
        }
        assertFalse(text(tried).contains("machine-id: "), text(tried));
        assertEquals(1, sent(ReleaseTask.class));
        assertFalse(TrialLease.holds(held.get(0)));
    }

    @Test
    void a02NothingIsStatedForAJobThatThePolicyDoesNotAllow() {
        configure("names", signed("gitlab"), "team-a/**");
        for (String job : List.of("team-b/app", "", "team-a/**", "team-a/*", "team-a/\nb", "/team-a/b", "team-a//b", "team-a/b/")) {
            Tried tried = run(job, "");
            assertEquals(Kind.WARNING, tried.kind(), job + ": " + text(tried));
        }
        assertEquals(0, channel.tasks.size());
        assertEquals(Kind.OK, run("team-a/made/later", "").kind());
    }

    @Test
    void a02ATrialRunsOnlyOnAnAgentThatTheIdentityAllows() {
        assertEquals(Kind.WARNING, run(JOB, "z-foreign").kind());
        Tried nobody = run(JOB, "nobody");
        assertEquals(Kind.WARNING, nobody.kind());
        assertTrue(text(nobody).contains("'nobody'"), text(nobody));
        assertEquals(Kind.WARNING, run(JOB, "(built-in)").kind());
        agent.online = false;
        assertEquals(Kind.WARNING, run(JOB, "").kind());
        assertEquals(0, statements.size());
        assertEquals(0, foreignChannel.tasks.size());
    }

    /** No build of the job would come there either, so no statement about it does. */
    @Test
    void a02ATrialGoesToNoAgentThatIsKeptForOtherJobs() {
        Identity other = new Identity("other", "trial");
        other.setAllowedJobs(List.of("team-b/**"));
        other.setAllowedAgents(List.of("a-*"));
        List<Identity> both = new ArrayList<>(MachineIdConfiguration.get().getIdentities());
        both.add(other);
        set(MachineIdConfiguration.get().getClusters(), both);
        MachineIdNodeProperty property = new MachineIdNodeProperty();
        property.setIdentities(List.of(new Binding("other")));
        agent.property = property;
        assertEquals(Kind.WARNING, run(JOB, "a-trial").kind());
        assertEquals(0, statements.size());
        // The agent's own configuration may open it.
        property.setOnlyAllowedJobs(false);
        assertTrue(JobGate.takes(agent, JOB));
        property.setOnlyAllowedJobs(true);
        property.setIdentities(List.of(new Binding("other"), new Binding("api")));
        assertEquals(Kind.OK, run(JOB, "a-trial").kind());
    }

    /** Where any agent may, the first one that answers could be anybody's. */
    @Test
    void a02AStatementGoesToNoAgentThatNobodyChose() {
        configure("any", signed("kubernetes"), JOB);
        Tried tried = run(JOB, "");
        assertEquals(Kind.WARNING, tried.kind());
        assertEquals(0, statements.size());
        assertEquals(List.of("a-trial", "z-foreign"), sorted(JoinTrial.agents(MachineIdConfiguration.get().identity("api"))));
        assertEquals(Kind.OK, run(JOB, "a-trial").kind());
        assertEquals(0, foreignChannel.tasks.size());
    }

    private static List<String> sorted(List<String> names) {
        return names.stream().sorted().toList();
    }

    @Test
    void a02OtherMethodsAreNotTriedAndNothingOfThemIsSent() {
        configure("names", new TokenJoin(), JOB);
        Tried tried = run(JOB, "");
        assertEquals(Kind.WARNING, tried.kind());
        assertTrue(text(tried).contains("token"), text(tried));
        assertEquals(0, channel.tasks.size());
        assertEquals(Kind.WARNING, JoinTrial.run(MachineIdConfiguration.get().settings(), "gone", JOB, "", "x").kind());
    }

    @Test
    void a02WhatAnAgentForgesIsNoSuccess() {
        certificate.put("roles", List.of("admins"));
        assertTrue(text(run(JOB, "")).contains("[audit_violation]"));
        certificate = certificate().put("key_id", "\u001b[2Jbot");
        assertEquals(Kind.ERROR, run(JOB, "").kind());
        version = "16.4.18<script>";
        certificate = certificate();
        directory = "not_ours";
        Tried tried = run(JOB, "");
        assertTrue(text(tried).contains("left alone"), text(tried));
    }

    @Test
    void an_agent_that_gives_nothing_back_is_told() {
        FakeAgent silent = new FakeAgent("a-away", new FakeChannel(task -> {
            if (task instanceof ReleaseTask) {
                throw new java.io.IOException("gone");
            }
            return answer(task);
        }));
        silent.online = true;
        agent.online = false;
        try {
            Tried tried = run(JOB, "");
            assertEquals(Kind.OK, tried.kind(), text(tried));
            assertTrue(text(tried).contains("asked again"), text(tried));
            assertFalse(TrialLease.holds(held.get(0)));
        } finally {
            silent.delete();
        }
    }

    @Test
    void a_form_that_the_cluster_is_too_old_for_is_named() {
        version = "15.1.0";
        configure("names", signed("gitlab"), JOB);
        Tried tried = run(JOB, "");
        assertTrue(text(tried).contains("choose kubernetes in the identity"), text(tried));
        assertEquals(Kind.WARNING, ConnectionTest.look(
                MachineIdConfiguration.get().cluster("trial"), MachineIdConfiguration.get().identity("api")).kind());
        version = "12.1.0";
        assertTrue(text(run(JOB, "")).contains("takes no statements"), text(run(JOB, "")));
        assertTrue(text(run(JOB, "")).contains("join method token"), text(run(JOB, "")));
        // Another address may be another cluster.
        assertTrue(SeenServer.of(new Cluster("trial", "other.example.com")).isEmpty());
    }

    /** The field as it is shown before anything is saved, for a cluster that somebody has tried. */
    @Test
    void the_field_of_a_form_shows_what_goes_on_the_wire() {
        hudson.ExtensionList.set(FormAdvice.class, new WireForm());
        Jenkins.get().granted = java.util.Set.of(Jenkins.ADMINISTER);
        JenkinsJoin.DescriptorImpl form = new JenkinsJoin.DescriptorImpl();
        Cluster fresh = new Cluster("trial", "fresh.example.com");
        set(List.of(fresh), List.of());
        FormValidation unseen = form.doCheckForm("", "trial");
        assertEquals(Kind.OK, unseen.kind);
        for (String part : List.of("kubernetes", "12.4, 13.4 or 14", "isn't known yet")) {
            assertTrue(unseen.getMessage().contains(part), unseen.getMessage());
        }
        version = "15.4.2";
        assertEquals(Kind.OK, ConnectionTest.look(fresh, null).kind());
        for (String chosen : List.of("", "kubernetes")) {
            FormValidation taken = form.doCheckForm(chosen, "trial");
            assertEquals(Kind.OK, taken.kind);
            assertTrue(taken.getMessage().contains("'trial' has 15.4.2, and accepts it"), taken.getMessage());
        }
        FormValidation newer = form.doCheckForm("generic_oidc", "trial");
        assertEquals(Kind.ERROR, newer.kind);
        assertTrue(newer.getMessage().contains("18.11") && newer.getMessage().contains("choose kubernetes"), newer.getMessage());
        version = "12.3.9";
        ConnectionTest.look(fresh, null);
        FormValidation none = form.doCheckForm("", "trial");
        assertEquals(Kind.ERROR, none.kind);
        assertTrue(none.getMessage().contains("choose join method token"), none.getMessage());
        assertEquals(Kind.OK, form.doCheckForm("gitlab", "not-saved").kind);
        assertEquals(Kind.ERROR, form.doCheckForm("jwt", "trial").kind);
        Jenkins.get().granted = Set.of();
        try {
            assertEquals("", form.doCheckForm("", "trial").getMessage());
        } finally {
            Jenkins.get().granted = null;
        }
    }

    /** Its token resource names the form, so an update of the cluster must not change what is signed. */
    @Test
    void an_identitys_form_stays_what_it_is_when_the_cluster_is_updated() {
        JenkinsJoin left = new JenkinsJoin();
        left.setTokenName("jenkins-api");
        configure("names", left, JOB);
        for (String each : List.of("14.0.0", "17.4.0", "18.11.0", "20.0.0")) {
            version = each;
            assertEquals(Kind.OK, run(JOB, "").kind(), each);
            assertEquals("kubernetes", MachineIdConfiguration.get().identity("api").getJoin().method());
            assertTrue(claims(statements.get(statements.size() - 1)).has("kubernetes.io"), each);
        }
    }

    @Test
    void a_jobs_own_branch_is_stated() {
        Jenkins.get().jobs = List.of(new FakeRun(JOB, "x#1").getParent());
        configure("names", signed("gitlab"), JOB);
        run(JOB, "");
        assertEquals("", claims(statements.get(0)).getString("ref"));
        assertEquals(JOB, claims(statements.get(0)).getString("project_path"));
    }

    /** The name is missing at first: a newcomer's statements are for the host of the address. */
    @Test
    void a_test_of_the_connection_says_that_the_cluster_has_another_name() {
        named = "example.test";
        Cluster cluster = MachineIdConfiguration.get().cluster("trial");
        Tried alone = ConnectionTest.look(cluster, null);
        assertEquals(Kind.OK, alone.kind());
        assertTrue(text(alone).contains("the cluster is called 'example.test', enter this name as Cluster name in Teleport"), text(alone));
        Tried tried = ConnectionTest.look(cluster, MachineIdConfiguration.get().identity("api"));
        assertEquals(Kind.WARNING, tried.kind());
        for (String part : List.of("'example.test'", "'trial.example.com'", "Cluster name in Teleport of cluster 'trial'")) {
            assertTrue(text(tried).contains(part), text(tried));
        }
        JenkinsJoin own = signed("gitlab");
        own.setAudience("wrong.test");
        configure("names", own, JOB);
        String told = text(ConnectionTest.look(cluster, MachineIdConfiguration.get().identity("api")));
        assertTrue(told.contains("'wrong.test'") && told.contains("in identity 'api'"), told);
        // There the token resource says for whom, and other methods state nothing.
        version = "18.11.0";
        for (JoinMethod join : List.of(signed("generic_oidc"), new TokenJoin())) {
            configure("names", join, JOB);
            assertEquals(Kind.OK, ConnectionTest.look(cluster, MachineIdConfiguration.get().identity("api")).kind());
        }
        cluster.setTeleportName("example.test");
        configure("names", signed("kubernetes"), JOB);
        assertEquals(Kind.OK, ConnectionTest.look(cluster, MachineIdConfiguration.get().identity("api")).kind());
    }

    @Test
    void a_test_of_the_connection_says_what_each_method_leaves_untried() {
        KubernetesJoin pods = new KubernetesJoin();
        pods.setTokenName("pods");
        for (JoinMethod join : List.of(signed("kubernetes"), new TokenJoin(), new BoundKeypairJoin(), pods)) {
            configure("names", join, JOB);
            Tried tried = ConnectionTest.look(
                    MachineIdConfiguration.get().cluster("trial"), MachineIdConfiguration.get().identity("api"));
            assertEquals(Kind.OK, tried.kind(), text(tried));
            assertTrue(text(tried).contains("No join was made"), text(tried));
            assertTrue(text(tried).contains(join.statement().isPresent() ? "Machine ID" : join.symbol()), text(tried));
            assertEquals(text(tried), new ConnectionTest().run(
                    MachineIdConfiguration.get().cluster("trial"), MachineIdConfiguration.get().identity("api")).getMessage());
        }
        assertEquals(0, statements.size());
        assertEquals(Kind.OK, ConnectionTest.look(MachineIdConfiguration.get().cluster("trial"), null).kind());
    }

    @Test
    void what_is_stated_of_agents_is_tried_for_no_job() {
        JenkinsJoin join = signed("gitlab");
        join.setScope("agent");
        configure("names", join, JOB);
        Tried tried = run(JOB, "");
        assertEquals(Kind.WARNING, tried.kind());
        assertTrue(text(tried).contains("standing destination"), text(tried));
        assertEquals(0, channel.tasks.size());
        Tried looked = ConnectionTest.look(
                MachineIdConfiguration.get().cluster("trial"), MachineIdConfiguration.get().identity("api"));
        assertTrue(text(looked).contains("standing destination"), text(looked));
        assertFalse(text(looked).contains("to try a real join"), text(looked));
    }

    @Test
    void a02AFoldersIdentityIsTriedForJobsBelowTheFolderAlone() {
        Cluster cluster = new Cluster("trial", "trial.example.com");
        cluster.setAllowedFolders(List.of("team-a"));
        set(List.of(cluster), List.of());
        Identity identity = Identity.ofFolder("team-a", "deploy", cluster, signed("kubernetes"));
        identity.setRoles(List.of(Blocks.ROLE));
        identity.setAllowedJobs(List.of("**"));
        Settings settings = MachineIdConfiguration.get().settings().with(List.of(identity), Map.of());
        Tried tried = JoinTrial.run(settings, "team-a/deploy", JOB, "a-trial", "x");
        assertEquals(Kind.OK, tried.kind(), text(tried));
        assertTrue(claims(statements.get(0)).getString("sub").startsWith("system:serviceaccount:team-a:app@"));
        assertEquals(Kind.WARNING, JoinTrial.run(settings, "team-a/deploy", "team-b/app", "a-trial", "x").kind());
        // Nobody has named its agents.
        assertEquals(Kind.WARNING, JoinTrial.run(settings, "team-a/deploy", JOB, "", "x").kind());
        assertEquals(1, statements.size());
    }
}
