// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.setup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.FakeRun;
import hudson.model.Item;
import io.jenkins.plugins.machineid.config.Cluster;
import io.jenkins.plugins.machineid.config.Identity;
import io.jenkins.plugins.machineid.config.MachineIdConfiguration;
import io.jenkins.plugins.machineid.issuer.ChangeRequestHead;
import io.jenkins.plugins.machineid.issuer.StatementForm;
import io.jenkins.plugins.machineid.join.JenkinsJoin;
import java.util.ArrayList;
import java.util.List;
import jenkins.branch.MultiBranchProject;
import jenkins.model.Jenkins;
import jenkins.scm.api.SCMHead;
import jenkins.scm.api.SCMHeadOrigin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Somebody opens a pull request, and an administrator copies the rules afterwards. */
class ChangeRequestAttackTest {
    private final List<Item> jobs = new ArrayList<>();

    @BeforeEach
    void world() {
        job("team-b/app/main", new SCMHead("main"));
        job("team-b/app/PR-7", new ChangeRequestHead("PR-7", new SCMHeadOrigin() {}));
        job("team-b/app/PR-8", new ChangeRequestHead("PR-8", SCMHeadOrigin.DEFAULT));
        // Nobody knows of which branch it is.
        job("team-b/app/lost", null);
        jobs.add(new FakeRun("team-b/tool", "team-b/tool#1").getParent());
        Jenkins.get().jobs = jobs;
    }

    @AfterEach
    void forget() {
        Jenkins.get().jobs = List.of();
        SCMHead.HeadByItem.HEADS.clear();
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of());
    }

    private void job(String name, SCMHead head) {
        FakeRun run = new FakeRun(name, name + "#1");
        run.in(new MultiBranchProject());
        if (head != null) {
            SCMHead.HeadByItem.HEADS.put(run.getParent(), head);
        }
        jobs.add(run.getParent());
    }

    private static IdentitySetup setup(String form, String... allowed) {
        JenkinsJoin join = new JenkinsJoin();
        join.setTokenName("jenkins-api");
        join.setForm(form);
        Identity identity = new Identity("api", "prod");
        identity.setJoin(join);
        identity.setAllowedJobs(List.of(allowed));
        MachineIdConfiguration.get().setIdentities(List.of());
        MachineIdConfiguration.get().setClusters(List.of(new Cluster("prod", "teleport.example.com")));
        MachineIdConfiguration.get().setIdentities(List.of(identity));
        return IdentitySetup.of(Plans.of(MachineIdConfiguration.get().settings()), identity);
    }

    /** Notes are wrapped. */
    private static String flat(IdentitySetup setup) {
        return setup.getYaml().replaceAll("\n *# +", " ");
    }

    @Test
    void a25AChangeRequestIsInNoRuleUnlessAnAdministratorNamesItsJob() {
        IdentitySetup setup = setup("kubernetes", "team-b/**");
        String yaml = flat(setup);
        assertTrue(yaml.contains("team-b/app:main@api") && yaml.contains("team-b:tool@api"), yaml);
        for (String foreign : List.of("PR-7", "PR-8", "lost")) {
            assertFalse(yaml.contains(foreign), yaml);
            assertFalse(setup.getTerraform().contains(foreign), setup.getTerraform());
            assertFalse(setup.getTrialJobs().toString().contains(foreign), setup.getTrialJobs().toString());
        }
        assertTrue(yaml.contains("Jobs of change requests and forks are left out"), yaml);
        assertTrue(setup("kubernetes", "team-b/**", "team-b/app/PR-8").getYaml().contains("team-b/app:PR-8@api"));
    }

    /** Patterns of the other forms match them too; the cluster knows which they are, if a rule asks. */
    @Test
    void a25WhereARuleMatchesChangeRequestsANoteSaysWhatToAdd() {
        String gitlab = flat(setup("gitlab", "team-b/**"));
        assertTrue(gitlab.contains("even from forks") && gitlab.contains("ref_type: \"branch\""), gitlab);
        String oidc = flat(setup("generic_oidc", "team-b/**"));
        assertTrue(oidc.contains("even from forks") && oidc.contains("claims.jenkins.change_request == \"\""), oidc);
        for (StatementForm form : StatementForm.values()) {
            String named = flat(setup(form.method(), "team-b/tool"));
            assertEquals(-1, named.indexOf("change request"), named);
        }
    }

    /** A folder's owner may see fewer jobs than there are: creating the token again would take the others' rules away. */
    @Test
    void the_list_is_said_to_be_of_the_jobs_that_one_may_see() {
        assertTrue(flat(setup("kubernetes", "team-b/**")).contains("that you may see"));
    }
}
