// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package io.jenkins.plugins.machineid.issuer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hudson.model.Cause;
import hudson.model.FakeAgent;
import hudson.model.FakeRun;
import hudson.model.Item;
import hudson.model.ItemGroup;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.List;
import jenkins.branch.MultiBranchProject;
import jenkins.model.Jenkins;
import jenkins.scm.api.SCMHead;
import jenkins.scm.api.SCMHeadOrigin;
import jenkins.scm.api.mixin.ChangeRequestSCMHead;
import jenkins.scm.api.mixin.TagSCMHead;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BuildFactsReaderTest {
    private final FakeRun run = new FakeRun("team/app/deploy", "team/app/deploy#7");
    private final FakeAgent agent = new FakeAgent("api-1", null);

    @AfterEach
    void forget() {
        agent.delete();
        SCMHead.HeadByItem.HEADS.clear();
        SCMHead.HeadByItem.failure = null;
        Jenkins.get().rootUrl = "https://ci.example.com/";
    }

    @SuppressWarnings("unchecked")
    private BuildFacts facts() {
        return BuildFactsReader.of(run, agent);
    }

    private BuildFacts of(SCMHead head) {
        SCMHead.HeadByItem.HEADS.put(run.getParent(), head);
        run.in(new MultiBranchProject());
        return facts();
    }

    private static SCMHeadOrigin elsewhere() {
        return new SCMHeadOrigin() {};
    }

    /** Of an old plugin: says nothing of where it comes from. */
    private static final class Silent extends SCMHead implements ChangeRequestSCMHead {
        Silent() {
            super("PR-7");
        }

        @Override
        public String getId() {
            return "7";
        }

        @Override
        public SCMHead getTarget() {
            return new SCMHead("main");
        }
    }

    private static final class Tag extends SCMHead implements TagSCMHead {
        Tag() {
            super("main");
        }

        @Override
        public long getTimestamp() {
            return 0;
        }
    }

    private static final class Foreign extends SCMHead {
        Foreign() {
            super("main");
        }

        @Override
        public SCMHeadOrigin getOrigin() {
            return elsewhere();
        }
    }

    @Test
    void a_plain_build() {
        run.number = 7;
        agent.labels = "linux api  linux";
        run.causes.add(new User("alice"));
        assertEquals(
                new BuildFacts(
                        "https://ci.example.com", "team/app/deploy", 7,
                        "https://ci.example.com/job/team/job/app/job/deploy/7/", "", "", false, "alice", "user", "api-1",
                        List.of("api", "linux")),
                facts());
    }

    @Test
    void the_node_of_the_controller_has_a_name() {
        assertEquals("built-in", BuildFactsReader.of(run, Jenkins.get()).node());
    }

    @Test
    void without_an_address_there_are_none() {
        Jenkins.get().rootUrl = null;
        assertEquals("", facts().controller());
        assertEquals("", facts().url());
    }

    @Test
    void branches_of_the_repository() {
        BuildFacts facts = of(new SCMHead("feature/x"));
        assertEquals("feature/x", facts.branch());
        assertEquals("", facts.changeRequest());
        assertFalse(facts.fork());
    }

    @Test
    void a_tag_is_no_branch() {
        assertEquals("", of(new Tag()).branch());
    }

    @Test
    void change_requests_from_inside_and_outside() {
        BuildFacts inside = of(new ChangeRequestHead("PR-7", SCMHeadOrigin.DEFAULT));
        assertEquals("7", inside.changeRequest());
        assertEquals("PR-7", inside.branch());
        assertFalse(inside.fork());
        assertTrue(of(new ChangeRequestHead("PR-7", elsewhere())).fork());
        assertTrue(of(new Foreign()).fork());
    }

    @Test
    void what_cannot_be_told_is_a_fork() {
        assertTrue(of(new Silent()).fork(), "the base class says 'from inside' for it");
        assertTrue(of(new ChangeRequestHead("PR-7", null)).fork());
        SCMHead.HeadByItem.HEADS.clear();
        assertTrue(facts().fork(), "of a multibranch project, and nothing knows of which branch");
        SCMHead.HeadByItem.failure = new IllegalStateException("the other plugin failed");
        BuildFacts failed = facts();
        assertTrue(failed.fork());
        assertEquals("", failed.branch());
    }

    /** A configuration of a matrix job lies below the job that the branch is known of. */
    @Test
    void parts_of_a_job_are_of_its_branch() {
        Part matrix = new Part(new MultiBranchProject());
        run.in(matrix);
        assertTrue(facts().fork());
        SCMHead.HeadByItem.HEADS.put(matrix, new ChangeRequestHead("PR-7", elsewhere()));
        assertEquals("7", facts().changeRequest());
        assertTrue(facts().fork());
    }

    /** As where the plugin scm-api isn't installed: none of its classes can be loaded. */
    private static final class WithoutPlugin extends ClassLoader {
        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("jenkins.scm.")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(SourceFacts.class.getName())) {
                return BuildFactsReaderTest.class.getClassLoader().loadClass(name);
            }
            try (InputStream file = BuildFactsReaderTest.class.getResourceAsStream(
                    name.substring(name.lastIndexOf('.') + 1) + ".class")) {
                byte[] code = file.readAllBytes();
                return defineClass(name, code, 0, code.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @Test
    void without_the_other_plugin_jobs_are_of_no_branch() throws ReflectiveOperationException {
        Method of = new WithoutPlugin().loadClass(SourceFacts.class.getName()).getDeclaredMethod("of", Item.class);
        of.setAccessible(true);
        assertEquals("SourceFacts[branch=, changeRequest=, fork=false]", of.invoke(null, run.getParent()).toString());
    }

    private record Part(ItemGroup<?> group) implements ItemGroup<Item>, Item {
        @Override
        public String getFullName() {
            return "team/app/matrix";
        }

        @Override
        public ItemGroup<? extends Item> getParent() {
            return group;
        }
    }

    private static final class User extends Cause.UserIdCause {
        private final String id;

        User(String id) {
            this.id = id;
        }

        @Override
        public String getUserId() {
            return id;
        }
    }

    private static final class Unheard extends Cause {
        @Override
        public String getShortDescription() {
            return "user";
        }
    }

    @Test
    void who_joins_a_build_that_others_started_is_not_its_only_cause() {
        assertEquals("", facts().cause());
        run.causes.add(new User("alice"));
        run.causes.add(new User("alice"));
        assertEquals("alice", facts().startedBy());
        run.causes.add(new Unheard());
        assertEquals("other+user", facts().cause());
        assertEquals("alice", facts().startedBy());
        run.causes.add(new User("bob"));
        assertEquals("", facts().startedBy());
        run.causes.clear();
        run.causes.add(new User(null));
        assertEquals("", facts().startedBy());
        assertEquals("user", facts().cause());
    }
}
