package hudson.tasks;

public abstract class BuildWrapper extends hudson.model.AbstractDescribableImpl<BuildWrapper>
        implements hudson.ExtensionPoint {
    public BuildWrapper() {}
}
