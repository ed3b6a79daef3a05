package hudson.tasks;

import hudson.model.AbstractProject;

public abstract class BuildWrapperDescriptor extends hudson.model.Descriptor<BuildWrapper> {
    protected BuildWrapperDescriptor() {}

    public abstract boolean isApplicable(AbstractProject<?, ?> item);
}
