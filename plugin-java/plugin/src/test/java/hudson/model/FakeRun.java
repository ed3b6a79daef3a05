// SPDX-FileCopyrightText: The machine-id authors
// SPDX-License-Identifier: Apache-2.0
package hudson.model;

import java.util.ArrayList;
import java.util.List;
import jenkins.model.Jenkins;

/** A build of a job of that name, which remembers its actions and how often it was saved. */
@SuppressWarnings("rawtypes")
public final class FakeRun extends Run {
    private final FakeJob job;
    private final String id;
    private final List<Action> actions = new ArrayList<>();
    public volatile int saves;
    /** Looks at what is saved. */
    public volatile Runnable saved = () -> {};
    public volatile Executor executor;
    public volatile int number = 1;
    public final List<Cause> causes = new ArrayList<>();

    public FakeRun(String job, String id) {
        this.job = new FakeJob(job);
        this.id = id;
    }

    @Override
    public Job getParent() {
        return job;
    }

    /** What the job is in. */
    public void in(ItemGroup<?> group) {
        job.group = group;
    }

    @Override
    public int getNumber() {
        return number;
    }

    @Override
    public String getUrl() {
        return "job/" + job.name.replace("/", "/job/") + "/" + number + "/";
    }

    @Override
    public List<Cause> getCauses() {
        return causes;
    }

    @Override
    public String getExternalizableId() {
        return id;
    }

    @Override
    public void addAction(Action a) {
        actions.add(a);
    }

    @Override
    @SuppressWarnings("unchecked")
    public Action getAction(Class type) {
        return (Action) actions.stream().filter(type::isInstance).findFirst().orElse(null);
    }

    @Override
    public void checkPermission(hudson.security.Permission permission) {
        Jenkins.get().checkPermission(permission);
    }

    @Override
    public Executor getExecutor() {
        return executor;
    }

    @Override
    public void save() {
        saved.run();
        saves++;
    }

    private static final class FakeJob extends Job {
        private final String name;
        private ItemGroup<?> group;

        FakeJob(String name) {
            this.name = name;
        }

        @Override
        public ItemGroup<? extends Item> getParent() {
            return group;
        }

        @Override
        public boolean hasPermission(hudson.security.Permission permission) {
            return Jenkins.get().hasPermission(permission);
        }

        @Override
        public String getFullName() {
            return name;
        }
    }
}
