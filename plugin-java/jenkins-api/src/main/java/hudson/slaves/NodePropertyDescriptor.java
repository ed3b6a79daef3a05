package hudson.slaves;

import hudson.model.Node;

public abstract class NodePropertyDescriptor extends hudson.tools.PropertyDescriptor<NodeProperty<?>, Node> {
    protected NodePropertyDescriptor() {}
}
